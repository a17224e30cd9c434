-- MANAS360: accounts, access and entitlements. PostgreSQL 14 and later.
-- Names (roles, permissions, features, plans) are their own keys: they appear in tokens and never change.

create domain slug as text check (value ~ '^[a-z][a-z0-9_]{0,62}$');
create domain permission_name as text check (value ~ '^[a-z][a-z0-9_]{0,30}\.[a-z][a-z0-9_]{0,30}$');

create function touch_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end $$;

-- ── The catalogue ────────────────────────────────────────────────────────────────────────────────────────────────

create table catalogue_version (
  singleton boolean primary key default true check (singleton),
  version   bigint not null default 1
);
insert into catalogue_version default values;

create table roles (
  name            slug primary key,
  description     text not null default '' check (length(description) <= 500),
  privilege_level smallint not null check (privilege_level between 0 and 100),
  seeded          boolean not null default false,
  retired_at      timestamptz,
  created_at      timestamptz not null default clock_timestamp(),
  updated_at      timestamptz not null default clock_timestamp()
);

create table permissions (
  name        permission_name primary key,
  description text not null default '' check (length(description) <= 500)
);

create table role_permissions (
  role       slug not null references roles (name) on delete cascade,
  permission permission_name not null references permissions (name),
  primary key (role, permission)
);

create table features (
  name         slug primary key,
  display_name text not null check (length(display_name) between 1 and 100),
  description  text not null default '' check (length(description) <= 500),
  category     slug not null,
  retired_at   timestamptz,
  created_at   timestamptz not null default clock_timestamp(),
  updated_at   timestamptz not null default clock_timestamp()
);

create table subscription_plans (
  name                       slug primary key,
  display_name               text not null check (length(display_name) between 1 and 100),
  description                text not null default '' check (length(description) <= 500),
  tier                       smallint not null unique check (tier between 0 and 1000),
  price_monthly_minor        bigint check (price_monthly_minor >= 0), -- null: by quote
  price_yearly_minor         bigint check (price_yearly_minor >= 0),
  currency                   char(3) not null default 'USD' check (currency ~ '^[A-Z]{3}$'),
  trial_days                 smallint not null default 0 check (trial_days between 0 and 365),
  featured                   boolean not null default false,
  max_users                  bigint check (max_users > 0), -- null: unlimited, here and below
  max_api_requests_per_month bigint check (max_api_requests_per_month >= 0),
  max_storage_gb             bigint check (max_storage_gb >= 0),
  api_requests_per_minute    integer check (api_requests_per_minute > 0),
  seeded                     boolean not null default false,
  retired_at                 timestamptz,
  created_at                 timestamptz not null default clock_timestamp(),
  updated_at                 timestamptz not null default clock_timestamp(),
  constraint price_of_both_intervals check ((price_monthly_minor is null) = (price_yearly_minor is null))
);

create table plan_features (
  plan        slug not null references subscription_plans (name) on delete cascade,
  feature     slug not null references features (name),
  limit_value bigint check (limit_value >= 0),
  primary key (plan, feature)
);

create trigger touch before update on roles for each row execute function touch_updated_at();
create trigger touch before update on features for each row execute function touch_updated_at();
create trigger touch before update on subscription_plans for each row execute function touch_updated_at();

-- The five seeded roles keep their name and level, whoever asks.
create function keep_seeded_role() returns trigger language plpgsql as $$
begin
  if old.seeded and (tg_op = 'DELETE' or new.name <> old.name or new.privilege_level <> old.privilege_level
                     or not new.seeded or new.retired_at is not null) then
    raise exception 'a seeded role keeps its name and level' using errcode = 'restrict_violation', constraint = 'seeded_role';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger keep_seeded before update or delete on roles for each row execute function keep_seeded_role();

-- ── Accounts and their sessions ──────────────────────────────────────────────────────────────────────────────────

create table user_accounts (
  id                uuid primary key,
  email             text unique check (length(email) <= 254 and email = lower(btrim(email))), -- canonical; null once erased
  email_verified_at timestamptz,
  password_hash     text check (password_hash like '$argon2id$%'),
  password_version  integer not null default 1,
  first_name        text check (length(first_name) between 1 and 200),
  last_name         text check (length(last_name) between 1 and 200),
  phone_number      text check (length(phone_number) <= 20),
  language          text not null default 'en' check (length(language) <= 35),
  timezone          text not null default 'UTC' check (length(timezone) <= 64),
  role              slug not null default 'user' references roles (name),
  status            text not null default 'active' check (status in ('active', 'locked', 'deleted')),
  locked_reason     text check (length(locked_reason) <= 500),
  authz_version     bigint not null default 1, -- `ver` in tokens; moved by record_authz_change alone
  created_at        timestamptz not null default clock_timestamp(),
  updated_at        timestamptz not null default clock_timestamp(),
  last_login_at     timestamptz,
  deleted_at        timestamptz,
  constraint erased_means_anonymous check (
    (status = 'deleted') = (deleted_at is not null)
    and (status <> 'deleted' or (email is null and password_hash is null and first_name is null and last_name is null and phone_number is null))
    and (status = 'deleted' or (email is not null and password_hash is not null))
  )
);
create index user_accounts_role on user_accounts (role, id);
create trigger touch before update on user_accounts for each row execute function touch_updated_at();

-- Once there was an active superadmin there is always one: the role's row is the lock that makes the count exact.
create function keep_a_superadmin() returns trigger language plpgsql as $$
begin
  -- Written, not only locked: a transaction with an older snapshot then fails instead of counting with it.
  update roles set updated_at = clock_timestamp() where name = 'superadmin';
  if not exists (select 1 from user_accounts where role = 'superadmin' and status = 'active') then
    raise exception 'the last active superadmin must stay' using errcode = 'restrict_violation', constraint = 'last_superadmin';
  end if;
  return null;
end $$;
create trigger keep_a_superadmin_on_update after update of role, status on user_accounts for each row
  when (old.role = 'superadmin' and old.status = 'active' and (new.role <> 'superadmin' or new.status <> 'active'))
  execute function keep_a_superadmin();
create trigger keep_a_superadmin_on_delete after delete on user_accounts for each row
  when (old.role = 'superadmin' and old.status = 'active')
  execute function keep_a_superadmin();

create table sessions (
  id           uuid primary key,
  account_id   uuid not null references user_accounts (id) on delete cascade,
  created_at   timestamptz not null default clock_timestamp(),
  last_used_at timestamptz not null default clock_timestamp(),
  expires_at   timestamptz not null, -- the absolute end, however often it is refreshed
  ip_address   text check (length(ip_address) <= 45),
  user_agent   text check (length(user_agent) <= 512),
  ended_at     timestamptz,
  end_reason   text check (length(end_reason) <= 40)
);
create index sessions_live on sessions (account_id, id) where ended_at is null;
create index sessions_account on sessions (account_id);
create index sessions_expiry on sessions (expires_at);
create index sessions_ended on sessions (ended_at) where ended_at is not null;

-- The refresh token of each session: the hash of the one in force, of the one before it, and for 10 s at most what is
-- needed to sign the one in force once more (a client whose answer was lost gets the same token again).
create table tokens (
  session_id    uuid primary key references sessions (id) on delete cascade,
  token_hash    bytea not null check (length(token_hash) = 32),
  expires_at    timestamptz not null,
  previous_hash bytea check (length(previous_hash) = 32),
  replaced_at   timestamptz,
  successor_jti text,
  successor_iat bigint,
  successor_exp bigint,
  successor_kid text
);
create index tokens_resignable on tokens (replaced_at) where successor_jti is not null;

-- One counter per key: the HMAC of an e-mail address as typed, of a known device, or of an account's own password check.
-- `pending` holds the tries whose outcome is not known yet: {try id: epoch second at which it began}.
create table lockouts (
  key             bytea primary key check (length(key) = 32),
  failures        timestamptz[] not null default '{}',
  pending         jsonb not null default '{}',
  locked_until    timestamptz,
  consecutive     smallint not null default 0, -- lockouts in a row: each doubles the next
  last_failure_at timestamptz,
  updated_at      timestamptz not null default clock_timestamp()
);
create index lockouts_updated on lockouts (updated_at);

-- How many lockouts stand in a row: forgotten after 24 h without a failure, counted from the end of the last lockout.
create function lockouts_in_a_row(counter lockouts) returns integer language sql volatile as $$
  select case when greatest(counter.last_failure_at, counter.locked_until) < clock_timestamp() - interval '24 hours' then 0
              else counter.consecutive::int end
$$;

-- The tries still undecided: one left by a crash stops counting after 30 s.
create function live_tries(pending jsonb) returns jsonb language sql volatile as $$
  select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(pending)
   where value::float8 > extract(epoch from clock_timestamp()) - 30
$$;

-- The failures of the last 15 minutes.
create function recent_failures(failures timestamptz[]) returns timestamptz[] language sql volatile as $$
  select coalesce(array_agg(at order by at), '{}') from unnest(failures) at where at > clock_timestamp() - interval '15 minutes'
$$;

create table login_attempts (
  id         uuid primary key,
  at         timestamptz not null default clock_timestamp(),
  account_id uuid references user_accounts (id) on delete cascade, -- null: no such account
  outcome    text not null check (outcome in ('succeeded', 'failed')),
  ip_address text check (length(ip_address) <= 45)
);
create index login_attempts_account on login_attempts (account_id, at desc);
create index login_attempts_at on login_attempts (at);
create index login_attempts_failed on login_attempts (at, ip_address) where outcome = 'failed';

-- ── Subscriptions and overrides ──────────────────────────────────────────────────────────────────────────────────

create table user_subscriptions (
  id                   uuid primary key,
  account_id           uuid not null references user_accounts (id) on delete cascade,
  plan                 slug not null references subscription_plans (name),
  status               text not null check (status in ('trialing', 'active', 'past_due', 'cancelled', 'expired')),
  billing_interval     text check (billing_interval in ('month', 'year')),
  provider             text not null default 'manual' check (length(provider) <= 40),
  started_at           timestamptz not null default clock_timestamp(),
  current_period_end   timestamptz, -- null: no end (free, or granted without one)
  cancel_at_period_end boolean not null default false,
  ended_at             timestamptz,
  created_at           timestamptz not null default clock_timestamp(),
  updated_at           timestamptz not null default clock_timestamp(),
  constraint expired_means_ended check ((status = 'expired') = (ended_at is not null)),
  constraint trial_has_an_end check (status <> 'trialing' or current_period_end is not null)
);
create unique index user_subscriptions_one_current on user_subscriptions (account_id) where ended_at is null;
create index user_subscriptions_account on user_subscriptions (account_id, started_at);
create index user_subscriptions_due on user_subscriptions (current_period_end) where ended_at is null and current_period_end is not null;
create index user_subscriptions_plan on user_subscriptions (plan) where ended_at is null;
create trigger touch before update on user_subscriptions for each row execute function touch_updated_at();

create table account_features (
  account_id  uuid not null references user_accounts (id) on delete cascade,
  feature     slug not null references features (name),
  granted     boolean not null,
  limit_value bigint check (limit_value >= 0),
  expires_at  timestamptz,
  reason      text not null check (length(reason) between 1 and 500),
  created_at  timestamptz not null default clock_timestamp(),
  primary key (account_id, feature)
);
create index account_features_due on account_features (expires_at) where expires_at is not null;

create table usage_daily (
  account_id uuid not null references user_accounts (id) on delete cascade,
  day        date not null,
  route      text not null check (length(route) <= 200),
  requests   bigint not null check (requests > 0),
  primary key (account_id, day, route)
);

-- ── Changes of authorisation ─────────────────────────────────────────────────────────────────────────────────────

create table authz_changes (
  id                bigint generated always as identity primary key,
  xid               xid8 not null default pg_current_xact_id(), -- lets a reader poll exactly, whatever the order of commits
  at                timestamptz not null default clock_timestamp(),
  account_id        uuid, -- null: the catalogue itself was edited
  version           bigint,
  kind              text not null check (kind in ('state', 'session-ended', 'sessions-ended', 'catalogue')),
  role              text,
  privilege_level   smallint,
  plan              text,
  pex               bigint, -- epoch second at which the plan's rights lapse
  overrides         jsonb,
  status            text,
  session_id        uuid,
  except_session_id uuid,
  catalogue_version bigint
);
create index authz_changes_at on authz_changes (at);
create index authz_changes_xid on authz_changes (xid);

-- The whole authorisation state of an account, stored values only: who reads it lets `pex` and expiries lapse by the clock.
create view account_authz as
select a.id, a.status, a.role, r.privilege_level, a.authz_version, s.plan,
       case when s.plan <> 'free' then ceil(extract(epoch from s.current_period_end))::bigint end as pex,
       coalesce((select jsonb_object_agg(f.feature, jsonb_strip_nulls(jsonb_build_object('g', f.granted, 'lim', f.limit_value,
                                'exp', ceil(extract(epoch from f.expires_at))::bigint)))
                   from account_features f
                  where f.account_id = a.id and (f.expires_at is null or f.expires_at > clock_timestamp())), '{}') as overrides
  from user_accounts a
  join roles r on r.name = a.role
  left join user_subscriptions s on s.account_id = a.id and s.ended_at is null;

-- The one writer of authz_changes: moves the account's version, ends the sessions concerned, records the whole state and
-- notifies at commit. The account's row is locked first, so that a log-in or another change in flight is waited for.
create function record_authz_change(p_account uuid, p_kind text default 'state', p_session uuid default null,
                                    p_except uuid default null, p_reason text default null) returns setof authz_changes
language plpgsql as $$
begin
  update user_accounts set authz_version = authz_version + 1 where id = p_account;
  if p_kind = 'session-ended' then
    update sessions set ended_at = clock_timestamp(), end_reason = p_reason where id = p_session and account_id = p_account and ended_at is null;
  elsif p_kind = 'sessions-ended' then
    update sessions set ended_at = clock_timestamp(), end_reason = p_reason
     where account_id = p_account and ended_at is null and id is distinct from p_except;
  end if;
  return query
    insert into authz_changes (account_id, version, kind, role, privilege_level, plan, pex, overrides, status, session_id, except_session_id)
    select s.id, s.authz_version, p_kind, s.role, s.privilege_level, s.plan, s.pex, s.overrides, s.status, p_session, p_except
      from account_authz s where s.id = p_account
    returning *;
  perform pg_notify('authz_changes', '');
end $$;

create function record_catalogue_change() returns setof authz_changes language plpgsql as $$
declare
  new_version bigint;
begin
  update catalogue_version set version = version + 1 returning version into new_version;
  return query insert into authz_changes (kind, catalogue_version) values ('catalogue', new_version) returning *;
  perform pg_notify('authz_changes', '');
end $$;

-- ── Audit ────────────────────────────────────────────────────────────────────────────────────────────────────────

create table audit_logs (
  id            uuid primary key, -- version 7: in the order of time
  at            timestamptz not null,
  actor_id      uuid, -- no foreign key: the trail outlives the account
  action        text not null check (action ~ '^[a-z_]+\.[a-z_]+$'),
  entity_type   text not null check (length(entity_type) <= 40),
  entity_id     text check (length(entity_id) <= 100),
  request_id    text check (length(request_id) <= 128),
  details       json not null default '{}', -- never personal data; json, not jsonb: the HMAC covers its very text
  personal_hash bytea not null check (length(personal_hash) = 32), -- salted hash of the row in audit_personal
  key_id        text not null,
  mac           bytea not null check (length(mac) = 32)
);
create index audit_logs_actor on audit_logs (actor_id, id);
create index audit_logs_entity on audit_logs (entity_type, entity_id, id);
create index audit_logs_type on audit_logs (entity_type, id);

-- What identifies a person, apart, so that erasure can delete it and the trail still verifies.
create table audit_personal (
  audit_id   uuid primary key references audit_logs (id) on delete cascade,
  account_id uuid, -- whose data this is
  salt       bytea not null,
  data       json not null -- ip, userAgent, before, after
);
create index audit_personal_account on audit_personal (account_id);

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('manas360.audit_retention', true), '') = 'on' and tg_op = 'DELETE' then
    return old;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation', constraint = 'audit_append_only';
end $$;
create trigger append_only before update or delete on audit_logs for each row execute function refuse_audit_change();
create trigger append_only_truncate before truncate on audit_logs for each statement execute function refuse_audit_change();

-- ── Administration and analytics: views where minutes of age are fine. Claims never come from them. ─────────────

-- No names and no addresses: a copy of them would outlive their erasure.
create materialized view account_directory as
select a.id, a.status, a.role, r.privilege_level, a.created_at, a.last_login_at,
       s.plan, s.status as subscription_status, s.current_period_end, p.tier
  from user_accounts a
  join roles r on r.name = a.role
  left join user_subscriptions s on s.account_id = a.id and s.ended_at is null
  left join subscription_plans p on p.name = s.plan
 where a.status <> 'deleted';
create unique index account_directory_id on account_directory (id);

-- What began and what ended on a day; of what began then and is in force: how much is tried, and what a year of the rest brings.
create materialized view revenue_by_plan_and_day as
select e.day, e.plan, p.currency, e.billing_interval, sum(e.started)::bigint as started, sum(e.ended)::bigint as ended,
       sum(e.in_force)::bigint as in_force, sum(e.trialing)::bigint as trialing, sum(e.renewing)::bigint as renewing,
       coalesce(sum(e.renewing * case e.billing_interval when 'month' then p.price_monthly_minor * 12 when 'year' then p.price_yearly_minor end),
                0)::bigint as annual_minor
  from (
    select (started_at at time zone 'UTC')::date as day, plan, coalesce(billing_interval, 'none') as billing_interval, 1 as started, 0 as ended,
           (ended_at is null)::int as in_force, (status = 'trialing')::int as trialing, (status in ('active', 'past_due'))::int as renewing
      from user_subscriptions
    union all
    select (ended_at at time zone 'UTC')::date, plan, coalesce(billing_interval, 'none'), 0, 1, 0, 0, 0
      from user_subscriptions where ended_at is not null
  ) e join subscription_plans p on p.name = e.plan
 group by 1, 2, 3, 4;
create unique index revenue_by_plan_and_day_key on revenue_by_plan_and_day (day, plan, currency, billing_interval);

-- Who signed up on a day, and how many of them are erased or locked by now; what else happened on it.
create materialized view activity_by_day as
select day, sum(sign_ups)::bigint as sign_ups, sum(erased)::bigint as erased, sum(locked)::bigint as locked, sum(log_ins)::bigint as log_ins,
       sum(failures)::bigint as failures, sum(lockouts)::bigint as lockouts, sum(reuse)::bigint as reuse
  from (
    select (created_at at time zone 'UTC')::date as day, 1 as sign_ups, (status = 'deleted')::int as erased, (status = 'locked')::int as locked,
           0 as log_ins, 0 as failures, 0 as lockouts, 0 as reuse from user_accounts
    union all
    select (at at time zone 'UTC')::date, 0, 0, 0, (outcome = 'succeeded')::int, (outcome = 'failed')::int, 0, 0 from login_attempts
    union all
    select (at at time zone 'UTC')::date, 0, 0, 0, 0, 0, (action = 'lockout.start')::int, (action = 'session.reuse_detected')::int
      from audit_logs where action in ('lockout.start', 'session.reuse_detected')
  ) events
 group by day;
create unique index activity_by_day_day on activity_by_day (day);

-- ── Maintenance: the server's jobs and pg_cron call the same functions. ──────────────────────────────────────────

create function refresh_views() returns void language plpgsql security definer set search_path = public, pg_temp as $$
begin
  refresh materialized view concurrently account_directory;
  refresh materialized view concurrently revenue_by_plan_and_day;
  refresh materialized view concurrently activity_by_day;
end $$;

-- What is left of a replaced token's successor is worthless after 10 s, and forgotten.
create function forget_successors() returns bigint language sql security definer set search_path = public, pg_temp as $$
  with forgotten as (
    update tokens set successor_jti = null, successor_iat = null, successor_exp = null, successor_kid = null
     where successor_jti is not null and replaced_at < clock_timestamp() - interval '10 seconds' returning 1)
  select count(*) from forgotten
$$;
