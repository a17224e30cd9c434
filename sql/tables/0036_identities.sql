-- Accounts of other providers that people sign in with (OpenID Connect). An identity is issuer and subject: whatever else a
-- provider says may be another person's tomorrow, and joins nobody.
create table public.identities (
  id           uuid primary key,
  account_id   uuid not null references public.user_accounts (id) on delete cascade,
  provider     text not null check (length(provider) <= 40), -- its id in OIDC_PROVIDERS when it was last used
  issuer       text not null check (length(issuer) <= 500),
  subject      text not null check (length(subject) <= 255),
  email        text check (length(email) <= 254), -- as the provider said when it was added; shown to the person alone
  created_at   timestamptz not null default clock_timestamp(),
  last_used_at timestamptz,
  constraint identities_issuer_subject_key unique (issuer, subject)
);
create index identities_account on public.identities (account_id, id);

-- What a return from a provider gave the app: exchanged once, within 60 s, by whoever has the verifier of its challenge.
create table public.oidc_codes (
  id             uuid primary key,
  code_hash      bytea not null unique check (length(code_hash) = 32),
  account_id     uuid references public.user_accounts (id) on delete cascade, -- who began, to add an identity; null: to sign in
  provider       text not null check (length(provider) <= 40),
  issuer         text not null check (length(issuer) <= 500),
  subject        text not null check (length(subject) <= 255),
  code_challenge text not null check (length(code_challenge) = 43),
  profile        bytea not null, -- address and names, encrypted under DATA_KEY
  expires_at     timestamptz not null
);
create index oidc_codes_account on public.oidc_codes (account_id);
create index oidc_codes_expiry on public.oidc_codes (expires_at);

-- States that came back, until they would have expired: each is good once. What they say travels in them, encrypted.
create table public.oidc_spent_states (
  id         uuid primary key,
  expires_at timestamptz not null
);
create index oidc_spent_states_expiry on public.oidc_spent_states (expires_at);
