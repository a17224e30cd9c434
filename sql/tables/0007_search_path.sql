-- Every function names what it means: where others may create objects in `public` (PUBLIC could before PostgreSQL 15), an
-- operator or overload of theirs would else be taken for ours, and run with the owner's rights wherever a function or trigger
-- has them. And every function counts days in UTC, whatever the database's time zone. Whoever replaces one keeps both settings.

create or replace function public.touch_updated_at() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end $$;

create or replace function public.keep_seeded_role() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if old.seeded and (tg_op = 'DELETE' or new.name <> old.name or new.privilege_level <> old.privilege_level
                     or not new.seeded or new.retired_at is not null) then
    raise exception 'a seeded role keeps its name and level' using errcode = 'restrict_violation', constraint = 'seeded_role';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;

create or replace function public.keep_a_superadmin() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  -- Written, not only locked: a transaction with an older snapshot then fails instead of counting with it.
  update public.roles set updated_at = clock_timestamp() where name = 'superadmin';
  if not exists (select 1 from public.user_accounts where role = 'superadmin' and status = 'active') then
    raise exception 'the last active superadmin must stay' using errcode = 'restrict_violation', constraint = 'last_superadmin';
  end if;
  return null;
end $$;

create or replace function public.lockouts_in_a_row(counter public.lockouts) returns integer language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select case when greatest(counter.last_failure_at, counter.locked_until) < clock_timestamp() - interval '24 hours' then 0
              else counter.consecutive::int end
$$;

create or replace function public.live_tries(pending jsonb) returns jsonb language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(pending)
   where value::float8 > extract(epoch from clock_timestamp()) - 30
$$;

create or replace function public.recent_failures(failures timestamptz[]) returns timestamptz[] language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select coalesce(array_agg(at order by at), '{}') from unnest(failures) at where at > clock_timestamp() - interval '15 minutes'
$$;

create or replace function public.record_authz_change(p_account uuid, p_kind text default 'state', p_session uuid default null,
                                                      p_except uuid default null, p_reason text default null) returns setof public.authz_changes language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  update public.user_accounts set authz_version = authz_version + 1 where id = p_account;
  if p_kind = 'session-ended' then
    update public.sessions set ended_at = clock_timestamp(), end_reason = p_reason where id = p_session and account_id = p_account and ended_at is null;
  elsif p_kind = 'sessions-ended' then
    update public.sessions set ended_at = clock_timestamp(), end_reason = p_reason
     where account_id = p_account and ended_at is null and id is distinct from p_except;
  end if;
  return query
    insert into public.authz_changes (account_id, version, kind, role, privilege_level, plan, pex, overrides, status, session_id, except_session_id)
    select s.id, s.authz_version, p_kind, s.role, s.privilege_level, s.plan, s.pex, s.overrides, s.status, p_session, p_except
      from public.account_authz s where s.id = p_account
    returning *;
  perform pg_notify('authz_changes', '');
end $$;

create or replace function public.record_catalogue_change() returns setof public.authz_changes language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  new_version bigint;
begin
  update public.catalogue_version set version = version + 1 returning version into new_version;
  return query insert into public.authz_changes (kind, catalogue_version) values ('catalogue', new_version) returning *;
  perform pg_notify('authz_changes', '');
end $$;

create or replace function public.refuse_audit_change() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if coalesce(current_setting('manas360.audit_retention', true), '') = 'on' and tg_op = 'DELETE' then
    return old;
  end if;
  raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation', constraint = 'audit_append_only';
end $$;

create or replace function public.refresh_views() returns void language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  refresh materialized view concurrently public.account_directory;
  refresh materialized view concurrently public.revenue_by_plan_and_day;
  refresh materialized view concurrently public.activity_by_day;
end $$;

create or replace function public.forget_successors() returns bigint language sql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  with forgotten as (
    update public.tokens set successor_jti = null, successor_iat = null, successor_exp = null, successor_kid = null
     where successor_jti is not null and replaced_at < clock_timestamp() - interval '10 seconds' returning 1)
  select count(*) from forgotten
$$;

create or replace function public.end_expired() returns bigint language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp(); -- a value, which an index can be asked for; the function itself is volatile
  due record; ended bigint := 0;
begin
  for due in
    select s.account_id from public.user_subscriptions s where s.ended_at is null and s.current_period_end <= this_moment
     union
    select f.account_id from public.account_features f where f.expires_at <= this_moment
     order by account_id limit 1000
  loop
    perform 1 from public.user_accounts where id = due.account_id for no key update;
    delete from public.account_features where account_id = due.account_id and expires_at <= clock_timestamp();
    perform public.end_subscription(due.account_id);
    perform public.record_authz_change(due.account_id);
    ended := ended + 1;
  end loop;
  return ended;
end $$;

create or replace function public.uuid_v7(p_at timestamptz default clock_timestamp()) returns uuid language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing
           substring(int8send((extract(epoch from p_at) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;

create or replace function public.end_subscription(p_account uuid) returns boolean language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  old public.user_subscriptions;
begin
  update public.user_subscriptions set status = 'expired', ended_at = current_period_end
   where account_id = p_account and ended_at is null and current_period_end <= clock_timestamp() returning * into old;
  if not found then return false; end if;
  insert into public.user_subscriptions (id, account_id, plan, status, started_at)
  values (public.uuid_v7(old.current_period_end), p_account, 'free', 'active', old.current_period_end);
  update public.user_accounts set role = 'user' where id = p_account and role = 'subscriber';
  return true;
end $$;

create or replace function public.archive_audit(p_days integer default 365) returns bigint language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  kept_since timestamptz := clock_timestamp() - make_interval(days => greatest(p_days, 365));
  -- Ids begin with their moment (RFC 9562 5.7), so the least id of that moment bounds the search.
  least_id uuid := (lpad(to_hex((extract(epoch from kept_since) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid;
  moved bigint;
begin
  perform set_config('manas360.audit_retention', 'on', true);
  with old as (
    delete from public.audit_logs l where l.id < least_id and l.at < kept_since
      and not exists (select 1 from public.audit_queue q where q.audit_id = l.id) returning *)
  insert into public.audit_archive select * from old;
  get diagnostics moved = row_count;
  perform set_config('manas360.audit_retention', '', true);
  return moved;
end $$;

create or replace function public.take_job(p_name text, p_not_within integer default 0) returns boolean language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if not pg_try_advisory_xact_lock(360360, hashtext(p_name)) then return false; end if;
  return not exists (select 1 from public.job_runs where name = p_name and succeeded_at > clock_timestamp() - make_interval(secs => p_not_within));
end $$;

create or replace function public.finish_job(p_name text, p_started timestamptz, p_outcome text, p_detail text) returns void language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  insert into public.job_runs as r (name, started_at, finished_at, milliseconds, outcome, detail, succeeded_at)
  select p_name, p_started, at, extract(epoch from at - p_started) * 1000, p_outcome, left(p_detail, 2000), case p_outcome when 'succeeded' then at end
    from (select clock_timestamp() as at) finished
  on conflict (name) do update set started_at = excluded.started_at, finished_at = excluded.finished_at, milliseconds = excluded.milliseconds,
    outcome = excluded.outcome, detail = excluded.detail, succeeded_at = coalesce(excluded.succeeded_at, r.succeeded_at)
$$;

create or replace function public.run_job(p_name text, p_not_within integer default 0) returns jsonb language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  started timestamptz := clock_timestamp(); result jsonb := 'true';
begin
  if not public.take_job(p_name, p_not_within) then return null; end if;
  case p_name
    when 'forget-successors' then result := to_jsonb(public.forget_successors());
    when 'end-expired' then result := to_jsonb(public.end_expired());
    when 'refresh-views' then perform public.refresh_views();
    when 'purge-expired' then result := public.purge_expired();
    when 'archive-audit' then result := to_jsonb(public.archive_audit());
    else raise exception 'there is no job "%"', p_name using errcode = 'undefined_function';
  end case;
  perform public.finish_job(p_name, started, 'succeeded', result::text);
  return result;
end $$;

create or replace function public.purge_expired() returns jsonb language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp();
  gone_sessions bigint; gone_lockouts bigint; gone_attempts bigint; gone_changes bigint; gone_keys bigint; gone_months bigint;
begin
  delete from public.sessions where expires_at < this_moment - interval '1 day' or ended_at < this_moment - interval '1 day';
  get diagnostics gone_sessions = row_count;
  delete from public.lockouts where updated_at < this_moment - interval '25 hours' and (locked_until is null or locked_until < this_moment - interval '24 hours');
  get diagnostics gone_lockouts = row_count;
  delete from public.login_attempts where at < this_moment - interval '90 days';
  get diagnostics gone_attempts = row_count;
  delete from public.authz_changes where at < this_moment - interval '1 day';
  get diagnostics gone_changes = row_count;
  delete from public.idempotency_keys where created_at < this_moment - interval '24 hours';
  get diagnostics gone_keys = row_count;
  -- Dead ones count as much as they had drawn.
  perform public.return_quotas(array_agg(id), array_agg(drawn)) from public.quota_leases where expires_at < this_moment - interval '1 hour';
  delete from public.quota_usage where month < (this_moment at time zone 'UTC' - interval '1 year')::date;
  get diagnostics gone_months = row_count;
  -- What requests under way wrote about somebody while they were erased.
  delete from public.login_attempts where account_id in (select id from public.user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  delete from public.audit_personal where account_id in (select id from public.user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  delete from public.quota_usage where account_id in (select id from public.user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  return jsonb_build_object('sessions', gone_sessions, 'lockouts', gone_lockouts, 'loginAttempts', gone_attempts,
                            'authzChanges', gone_changes, 'idempotencyKeys', gone_keys, 'quotaMonths', gone_months);
end $$;

create or replace function public.take_quota(p_account uuid, p_lease uuid, p_limit bigint, p_spent bigint, p_wanted bigint)
returns public.quota_grant language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_month date := date_trunc('month', clock_timestamp() at time zone 'UTC');
  held_elsewhere bigint; free bigint; units bigint; result public.quota_grant;
begin
  insert into public.quota_usage (account_id, month)
  select id, this_month from public.user_accounts where id = p_account and status <> 'deleted' on conflict do nothing;
  -- Leases of this account are given under this lock alone, and each statement after it sees what its last holder committed.
  perform 1 from public.quota_usage where account_id = p_account and month = this_month for update;
  if not found then return null; end if;

  -- What died may have spent whatever it had drawn; the rest comes back.
  with dead as (
    delete from public.quota_leases where account_id = p_account and month = this_month and id <> p_lease and expires_at <= clock_timestamp() returning drawn)
  update public.quota_usage set used = used + (select sum(drawn) from dead)
   where account_id = p_account and month = this_month and exists (select from dead);
  -- The lease itself may be of the month before.
  with ended as (delete from public.quota_leases where id = p_lease and month < this_month returning account_id, month, drawn)
  update public.quota_usage u set used = u.used + least(p_spent, ended.drawn) from ended where u.account_id = ended.account_id and u.month = ended.month;

  -- A lease that is not there was counted by whoever found it dead.
  result.spent := case when exists (select from public.quota_leases where id = p_lease) then p_spent else 0 end;
  select coalesce(sum(held), 0), coalesce(sum(held - spent), 0) into held_elsewhere, result.elsewhere
    from public.quota_leases where account_id = p_account and month = this_month and id <> p_lease;
  select used + result.spent + held_elsewhere into result.used from public.quota_usage where account_id = p_account and month = this_month;
  free := p_limit - result.used;
  units := case when free > 0 then least(p_wanted, greatest(1, free / 8)) else 0 end;
  result.drawn := result.spent + (units + 3) / 4;
  result.resets_at := (this_month + interval '1 month') at time zone 'UTC';
  result.expires_at := clock_timestamp() + interval '30 seconds';

  if units > 0 then
    insert into public.quota_leases as l (id, account_id, month, spent, drawn, held, expires_at)
    values (p_lease, p_account, this_month, result.spent, result.drawn, result.spent + units, result.expires_at)
    on conflict (id) do update set spent = excluded.spent, drawn = excluded.drawn, held = excluded.held, expires_at = excluded.expires_at;
  else
    delete from public.quota_leases where id = p_lease;
    update public.quota_usage set used = used + result.spent, wanted_at = case when result.elsewhere > 0 then clock_timestamp() end
     where account_id = p_account and month = this_month;
  end if;
  return result;
end $$;

create or replace function public.return_quotas(p_leases uuid[], p_spent bigint[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  -- The usage first, as whoever takes does.
  perform 1 from public.quota_usage u where (u.account_id, u.month) in (select account_id, month from public.quota_leases where id = any (p_leases))
    order by u.account_id, u.month for update;
  with ended as (
    delete from public.quota_leases l using unnest(p_leases, p_spent) v (id, spent) where l.id = v.id
    returning l.account_id, l.month, least(v.spent, l.drawn) as spent)
  update public.quota_usage u set used = u.used + e.spent
    from (select account_id, month, sum(spent) as spent from ended group by 1, 2) e
   where u.account_id = e.account_id and u.month = e.month;
end $$;

create or replace function public.keep_plan() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  update public.user_accounts set plan = new.plan, plan_ends_at = new.current_period_end
   where id = new.account_id and (plan, plan_ends_at) is distinct from (new.plan, new.current_period_end);
  return null;
end $$;

create or replace function public.refuse_late_change() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if clock_timestamp() > new.at + interval '2 minutes' then
    raise exception 'a change of authorisation must be committed within 2 minutes' using errcode = '25P04';
  end if;
  return null;
end $$;
