-- Passkeys (WebAuthn Level 3, "credential record"): what verifies a response, and what its owner calls it. No secret.
create table public.passkeys (
  id              uuid primary key,
  account_id      uuid not null references public.user_accounts (id),
  credential_id   bytea not null check (length(credential_id) between 16 and 1023),
  public_key      bytea not null check (length(public_key) <= 16384), -- COSE; ES256 takes 77 bytes, ML-DSA-44 1,322
  sign_count      bigint not null check (sign_count between 0 and 4294967295), -- 0 for good where the authenticator has none
  backup_eligible boolean not null, -- may be copied to other devices; never changes
  backed_up       boolean not null check (backup_eligible or not backed_up),
  transports      text[] not null default '{}',
  name            text not null check (length(name) between 1 and 100),
  created_at      timestamptz not null default clock_timestamp(),
  last_used_at    timestamptz,
  constraint passkeys_credential_key unique (credential_id)
);
create index passkeys_account on public.passkeys (account_id, id);

-- Challenges that were used, until they have run out: of parallel uses of one, one inserts its row. Nothing here is anybody's.
create table public.used_challenges (
  challenge  bytea primary key check (length(challenge) = 32),
  expires_at timestamptz not null
);
create index used_challenges_expiry on public.used_challenges (expires_at);
