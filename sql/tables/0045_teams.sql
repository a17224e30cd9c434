-- Teams: the plan of whoever pays is the plan of every member. docs/teams.md tells the rules, sql/functions/teams.sql keeps them.
create table public.teams (
  id         uuid primary key, -- version 7
  owner_id   uuid not null references public.user_accounts (id) on delete cascade,
  name       text check (length(name) between 1 and 100),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  constraint teams_one_of_an_owner unique (owner_id)
);
create trigger touch before update on public.teams for each row execute function public.touch_updated_at();

-- Who is in which team: nobody in two, for the account is the key. The owner is in it, and holds a seat.
create table public.team_members (
  account_id uuid primary key references public.user_accounts (id) on delete cascade,
  team_id    uuid not null references public.teams (id) on delete cascade,
  joined_at  timestamptz not null default clock_timestamp()
);
create index team_members_team on public.team_members (team_id, joined_at, account_id);

-- Who was invited, by address, whether or not somebody has an account there. One that was taken back stays, void, until it would have
-- ended: an address gets so many mails of a team in that time, however often it is invited.
create table public.team_invitations (
  id         uuid primary key, -- version 7
  team_id    uuid not null references public.teams (id) on delete cascade,
  email      text not null check (length(email) <= 254 and email = btrim(email)),
  token_hash bytea not null check (length(token_hash) = 32),
  mails      smallint not null default 1 check (mails between 1 and 3),
  revoked_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  constraint team_invitations_one_an_address unique (team_id, email),
  constraint team_invitations_token unique (token_hash)
);
create index team_invitations_email on public.team_invitations (email);
create index team_invitations_expiry on public.team_invitations (expires_at);

-- Teams whose members have another plan than they should: the owner's plan gained or lost team_collaboration by an edit of the
-- catalogue, or a refusal of it ran out. The job settle-teams puts them right, each in a transaction of its own.
create table public.unsettled_teams (
  owner_id uuid primary key references public.teams (owner_id) on delete cascade,
  since    timestamptz not null default clock_timestamp()
);

-- Whose plan an account has: null, its own. Kept by a trigger of team_members, so that no statement has to look further than the
-- account's row.
alter table public.user_accounts add column payer_id uuid;
alter table public.authz_changes add column payer_id uuid;

-- The whole authorisation state of an account, stored values only: who reads it lets `pex` and expiries lapse by the clock. The plan is
-- that of the account's row, which is its own subscription's or its team's.
create or replace view public.account_authz as
select a.id, a.status, a.role, r.privilege_level, a.authz_version, (case when a.status <> 'deleted' then a.plan end)::public.slug as plan,
       case when a.plan <> 'free' then ceil(extract(epoch from a.plan_ends_at))::bigint end as pex,
       coalesce((select jsonb_object_agg(f.feature, jsonb_strip_nulls(jsonb_build_object('g', f.granted, 'lim', f.limit_value,
                                'exp', ceil(extract(epoch from f.expires_at))::bigint)))
                   from public.account_features f
                  where f.account_id = a.id and (f.expires_at is null or f.expires_at > clock_timestamp())), '{}') as overrides,
       a.payer_id
  from public.user_accounts a
  join public.roles r on r.name = a.role;
