-- How strongly somebody signed in (RFC 8176, RFC 9470): `amr` what was shown, `acr` what that amounts to, `auth_time` when it was
-- shown last; null: when the session began. Sessions from before, and those that the previous version opens during a deployment,
-- were begun with a password.
alter table public.sessions
  add column amr text[] not null default '{pwd}' check (amr <@ '{pwd,otp,hwk,swk,fed}'::text[] and amr <> '{}'),
  add column acr text not null default 'aal1' check (acr in ('aal1', 'aal2')),
  add column auth_time timestamptz,
  add constraint sessions_aal2_by_a_second_factor check (acr = 'aal1' or amr && '{otp,hwk,swk}'::text[]);

-- The second factors that an account has, beside its password version and status, which log-in reads anyway. Whoever adds or
-- removes one writes it here in the same transaction.
alter table public.user_accounts
  add column second_factors text[] not null default '{}' check (second_factors <@ '{totp,passkey}'::text[]);
