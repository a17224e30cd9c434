-- Single-use links that lead from a mailbox into an account. The token itself is in the mail alone.
create table public.account_links (
  account_id uuid not null references public.user_accounts (id) on delete cascade,
  kind       text not null check (kind in ('verify-email', 'reset-password', 'confirm-email', 'undo-email', 'accept-invitation')),
  slot       integer not null check (slot >= 1), -- of undo-email in the order of the changes, of others what bounds how many live
  token_hash bytea not null unique check (length(token_hash) = 32),
  email      text not null check (length(email) <= 254), -- the address that it proves; of undo-email the one that it brings back
  data       jsonb not null default '{}',
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  primary key (account_id, kind, slot),
  constraint three_live_at_most check (kind = 'undo-email' or slot <= 3)
);
create index account_links_email on public.account_links (email, kind);
create index account_links_expiry on public.account_links (expires_at);

-- What a request about an address writes that leads to no mail: as much as one that does, so that the time of an answer does
-- not tell who has an account. Nothing in it is anybody's.
create table public.discarded_requests (
  id         uuid primary key,
  created_at timestamptz not null default clock_timestamp(),
  filler     bytea not null
);
create index discarded_requests_created on public.discarded_requests (created_at);

-- An account without a password is one whose owner must choose one by mail; log-in answers it as a wrong password.
alter table public.user_accounts drop constraint erased_means_anonymous;
alter table public.user_accounts add constraint erased_means_anonymous check (
  (status = 'deleted') = (deleted_at is not null)
  and (status <> 'deleted' or (email is null and password_hash is null and first_name is null and last_name is null and phone_number is null))
  and (status = 'deleted' or email is not null));
