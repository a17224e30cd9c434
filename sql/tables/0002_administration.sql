-- Administration: search, subscriptions by hand, sealed audit trail, jobs, idempotency.

create extension if not exists pg_trgm;

-- ── People ───────────────────────────────────────────────────────────────────────────────────────────────────────

alter table user_accounts add column search_text text generated always as
  (lower(coalesce(email, '') || ' ' || coalesce(first_name, '') || ' ' || coalesce(last_name, ''))) stored;
create index user_accounts_search on user_accounts using gin (search_text gin_trgm_ops);
create index user_accounts_created on user_accounts (created_at, id);
create index user_accounts_last_login on user_accounts (coalesce(last_login_at, '1970-01-01 00:00:00+00'), id);
drop index user_accounts_role;
create index user_accounts_role on user_accounts (role, created_at, id);
create index user_accounts_not_active on user_accounts (status, created_at, id) where status <> 'active';

alter table account_features add column created_by uuid; -- no foreign key: the grant outlives who made it
alter table user_subscriptions
  add column granted_by uuid,
  add column reason text check (length(reason) <= 500),
  -- Cancelled says it already: the rights last until the period ends.
  drop column cancel_at_period_end;
drop index user_subscriptions_plan;
create index user_subscriptions_plan on user_subscriptions (plan, id);
create index user_subscriptions_status on user_subscriptions (status, id);
create index user_subscriptions_plan_status on user_subscriptions (plan, status, id);

-- One trial per account and plan, ever: outlives the subscription itself.
create table trials (
  account_id uuid not null references user_accounts (id) on delete cascade,
  plan       slug not null references subscription_plans (name),
  started_at timestamptz not null default clock_timestamp(),
  primary key (account_id, plan)
);

-- Ends what has run out, whenever it is called: the subscription becomes expired, free (or what was agreed to follow)
-- takes its place, a subscriber becomes a user, and every instance hears of it. Rights ended at their second anyway.
create function end_expired() returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
  this_moment timestamptz := clock_timestamp(); -- a value, which an index can be asked for; the function itself is volatile
  due record; ended bigint := 0;
begin
  for due in
    select s.account_id from user_subscriptions s where s.ended_at is null and s.current_period_end <= this_moment
     union
    select f.account_id from account_features f where f.expires_at <= this_moment
     order by account_id limit 1000
  loop
    perform 1 from user_accounts where id = due.account_id for no key update;
    delete from account_features where account_id = due.account_id and expires_at <= clock_timestamp();
    perform end_subscription(due.account_id);
    perform record_authz_change(due.account_id);
    ended := ended + 1;
  end loop;
  return ended;
end $$;

-- A UUID of version 7 (RFC 9562 5.7): newer ones sort after older ones.
create function uuid_v7(p_at timestamptz default clock_timestamp()) returns uuid language sql volatile as $$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing
           substring(int8send((extract(epoch from p_at) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- The current subscription of one account, if it has run out: ended, and free in its place. The account's row is locked.
create function end_subscription(p_account uuid) returns boolean language plpgsql as $$
declare
  old user_subscriptions;
begin
  update user_subscriptions set status = 'expired', ended_at = current_period_end
   where account_id = p_account and ended_at is null and current_period_end <= clock_timestamp() returning * into old;
  if not found then return false; end if;
  insert into user_subscriptions (id, account_id, plan, status, started_at)
  values (uuid_v7(old.current_period_end), p_account, 'free', 'active', old.current_period_end);
  update user_accounts set role = 'user' where id = p_account and role = 'subscriber';
  return true;
end $$;

-- ── Audit: rows wait here until a checkpoint seals them ──────────────────────────────────────────────────────────

create table audit_queue (
  audit_id uuid primary key references audit_logs (id) on delete cascade
);

create table audit_checkpoints (
  id           bigint primary key,
  sealed_at    timestamptz not null,
  row_count    integer not null check (row_count > 0),
  audit_ids    uuid[] not null,
  digest       bytea not null check (length(digest) = 32), -- of the rows' MACs, in the order of audit_ids
  previous_mac bytea,
  key_id       text not null,
  mac          bytea not null check (length(mac) = 32)
);
create trigger append_only before update or delete on audit_checkpoints for each row execute function refuse_audit_change();
create trigger append_only_truncate before truncate on audit_checkpoints for each statement execute function refuse_audit_change();

create table audit_archive (like audit_logs including all);
create trigger append_only before update or delete on audit_archive for each row execute function refuse_audit_change();
create trigger append_only_truncate before truncate on audit_archive for each statement execute function refuse_audit_change();

create index audit_logs_action on audit_logs (action, id);
create index audit_personal_ip on audit_personal ((data ->> 'ip'), audit_id);

-- Moves rows past their retention out of the live trail, sealed ones only; what identifies people goes for good.
create function archive_audit(p_days integer default 365) returns bigint language plpgsql security definer set search_path = public, pg_temp as $$
declare
  kept_since timestamptz := clock_timestamp() - make_interval(days => greatest(p_days, 365));
  -- Ids begin with their moment (RFC 9562 5.7), so the least id of that moment bounds the search.
  least_id uuid := (lpad(to_hex((extract(epoch from kept_since) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
  moved bigint;
begin
  perform set_config('manas360.audit_retention', 'on', true);
  with old as (
    delete from audit_logs l where l.id < least_id and l.at < kept_since
      and not exists (select 1 from audit_queue q where q.audit_id = l.id) returning *)
  insert into audit_archive select * from old;
  get diagnostics moved = row_count;
  perform set_config('manas360.audit_retention', '', true);
  return moved;
end $$;

-- ── Jobs and idempotency ─────────────────────────────────────────────────────────────────────────────────────────

create table job_runs (
  name         text primary key check (length(name) <= 60),
  started_at   timestamptz not null,
  finished_at  timestamptz not null,
  milliseconds double precision not null,
  outcome      text not null check (outcome in ('succeeded', 'failed')),
  detail       text check (length(detail) <= 2000),
  succeeded_at timestamptz -- the last time, whatever came after it
);

-- Whether a job is ours until the transaction ends: nobody else is at it, and it did not succeed within so many seconds.
-- Two statements: the second sees what whoever held the lock until now has committed.
create function take_job(p_name text, p_not_within integer default 0) returns boolean language plpgsql as $$
begin
  if not pg_try_advisory_xact_lock(360360, hashtext(p_name)) then return false; end if;
  return not exists (select 1 from job_runs where name = p_name and succeeded_at > clock_timestamp() - make_interval(secs => p_not_within));
end $$;

create function finish_job(p_name text, p_started timestamptz, p_outcome text, p_detail text) returns void language sql as $$
  insert into job_runs as r (name, started_at, finished_at, milliseconds, outcome, detail, succeeded_at)
  select p_name, p_started, at, extract(epoch from at - p_started) * 1000, p_outcome, left(p_detail, 2000), case p_outcome when 'succeeded' then at end
    from (select clock_timestamp() as at) finished
  on conflict (name) do update set started_at = excluded.started_at, finished_at = excluded.finished_at, milliseconds = excluded.milliseconds,
    outcome = excluded.outcome, detail = excluded.detail, succeeded_at = coalesce(excluded.succeeded_at, r.succeeded_at)
$$;

-- One job by its name, as the server and pg_cron call it; null: it is not its turn. Sealing needs a secret, and is not here.
create function run_job(p_name text, p_not_within integer default 0) returns jsonb
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  started timestamptz := clock_timestamp(); result jsonb := 'true';
begin
  if not take_job(p_name, p_not_within) then return null; end if;
  case p_name
    when 'forget-successors' then result := to_jsonb(forget_successors());
    when 'end-expired' then result := to_jsonb(end_expired());
    when 'refresh-views' then perform refresh_views();
    when 'purge-expired' then result := purge_expired();
    when 'archive-audit' then result := to_jsonb(archive_audit());
    else raise exception 'there is no job "%"', p_name using errcode = 'undefined_function';
  end case;
  perform finish_job(p_name, started, 'succeeded', result::text);
  return result;
end $$;

create table idempotency_keys (
  account_id   uuid not null references user_accounts (id) on delete cascade,
  method       text not null,
  path         text not null check (length(path) <= 500),
  key          text not null check (length(key) between 1 and 255),
  request_hash bytea not null check (length(request_hash) = 32),
  status       smallint not null,
  headers      jsonb not null default '{}',
  body         text,
  created_at   timestamptz not null default clock_timestamp(),
  primary key (account_id, method, path, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);

-- Deletes what nobody can use any more: sessions (with their tokens) a day after their end, quiet counters, old attempts, changes and answers.
create function purge_expired() returns jsonb language plpgsql security definer set search_path = public, pg_temp as $$
declare
  this_moment timestamptz := clock_timestamp();
  gone_sessions bigint; gone_lockouts bigint; gone_attempts bigint; gone_changes bigint; gone_keys bigint;
begin
  delete from sessions where expires_at < this_moment - interval '1 day' or ended_at < this_moment - interval '1 day';
  get diagnostics gone_sessions = row_count;
  delete from lockouts where updated_at < this_moment - interval '25 hours' and (locked_until is null or locked_until < this_moment - interval '24 hours');
  get diagnostics gone_lockouts = row_count;
  delete from login_attempts where at < this_moment - interval '90 days';
  get diagnostics gone_attempts = row_count;
  delete from authz_changes where at < this_moment - interval '1 day';
  get diagnostics gone_changes = row_count;
  delete from idempotency_keys where created_at < this_moment - interval '24 hours';
  get diagnostics gone_keys = row_count;
  -- What requests under way wrote about somebody while they were erased.
  delete from login_attempts where account_id in (select id from user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  delete from audit_personal where account_id in (select id from user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  return jsonb_build_object('sessions', gone_sessions, 'lockouts', gone_lockouts, 'loginAttempts', gone_attempts,
                            'authzChanges', gone_changes, 'idempotencyKeys', gone_keys);
end $$;

-- They do more than whoever calls them may: the server's role is granted them by name.
revoke execute on function refresh_views(), forget_successors(), end_expired(), purge_expired(), archive_audit(integer), run_job(text, integer) from public;
