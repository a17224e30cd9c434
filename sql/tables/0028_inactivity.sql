-- Accounts that were told that they will be erased because nobody uses them; a use in between removes the row. The times are
-- those at which the mails were sent, kept here because the outbox forgets them.
create table public.inactivity_notices (
  account_id    uuid primary key references public.user_accounts (id),
  erase_at      timestamptz not null, -- not before: the day that the newest mail names
  first_mail_id uuid not null,
  first_at      timestamptz not null default clock_timestamp(), -- when it was queued
  first_sent_at timestamptz,
  last_mail_id  uuid,
  last_at       timestamptz,
  last_sent_at  timestamptz
);

-- How many accounts were erased when: the bound of a day is counted here.
create table public.inactivity_erasures (
  erased_at timestamptz not null default clock_timestamp(),
  accounts  integer not null check (accounts > 0)
);
