-- Authenticator apps (RFC 6238), one of an account: asked for at log-in once it is confirmed. The secret is encrypted.
create table public.totp_factors (
  id           uuid primary key, -- another one for another secret
  account_id   uuid not null unique references public.user_accounts (id),
  secret       bytea not null check (length(secret) <= 1024),
  created_at   timestamptz not null default clock_timestamp(),
  confirmed_at timestamptz, -- null: enrolment under way
  tries        smallint not null default 0 check (tries between 0 and 5), -- codes tried to confirm it
  last_step    bigint not null default 0 -- the newest time step of which a code was accepted: neither it nor an older one is again
);
create index totp_factors_unconfirmed on public.totp_factors (created_at) where confirmed_at is null;

-- Codes on paper, each good once in the place of a second factor.
create table public.recovery_codes (
  account_id uuid not null references public.user_accounts (id),
  code_hash  bytea not null check (length(code_hash) = 32),
  created_at timestamptz not null default clock_timestamp(),
  used_at    timestamptz,
  primary key (account_id, code_hash)
);

-- Sign-ins that wait for their second factor: the mfaToken's hash, and what it is bound to.
create table public.mfa_challenges (
  id               uuid primary key,
  token_hash       bytea not null unique check (length(token_hash) = 32),
  account_id       uuid not null references public.user_accounts (id),
  password_version integer not null,
  factors          text not null, -- which there were: of others it is void
  amr              text[] not null, -- what was shown
  is_new_device    boolean not null,
  login_counter    bytea check (length(login_counter) = 32), -- the lockout that a complete sign-in resets, …
  login_counter_of text check (login_counter_of in ('email', 'device')), -- … and by what it counts
  code_counter     bytea not null check (length(code_counter) = 32),
  device_counter   bytea check (length(device_counter) = 32), -- of a known device, in the place of code_counter
  tries            smallint not null default 0 check (tries between 0 and 5),
  used_at          timestamptz,
  expires_at       timestamptz not null
);
create index mfa_challenges_account on public.mfa_challenges (account_id);
create index mfa_challenges_expiry on public.mfa_challenges (expires_at);
