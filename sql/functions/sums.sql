-- Trigger: updates the sums of the day on which an account signed up, when it is inserted or changed.
create or replace function public.count_account() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if tg_op <> 'INSERT' then
    insert into public.activity_changes (day, sign_ups, erased, locked, invited)
    values ((old.created_at at time zone 'UTC')::date, -(not old.is_invited)::int, -(old.status = 'deleted' and not old.is_invited)::int,
            -(old.status = 'locked' and not old.is_invited)::int, -(old.is_invited and old.status <> 'deleted')::int);
  end if;
  if tg_op <> 'DELETE' then
    insert into public.activity_changes (day, sign_ups, erased, locked, invited)
    values ((new.created_at at time zone 'UTC')::date, (not new.is_invited)::int, (new.status = 'deleted' and not new.is_invited)::int,
            (new.status = 'locked' and not new.is_invited)::int, (new.is_invited and new.status <> 'deleted')::int);
  end if;
  return null;
end $$;

create or replace trigger count_new after insert or delete on public.user_accounts
  for each row execute function public.count_account();
create or replace trigger count_changed after update of status, is_invited, created_at on public.user_accounts
  for each row when ((old.status, old.is_invited, old.created_at) is distinct from (new.status, new.is_invited, new.created_at))
  execute function public.count_account();

-- Trigger: updates the sums of the days on which a subscription began and ended, when it is inserted or changed.
create or replace function public.count_subscription() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if tg_op <> 'INSERT' then
    insert into public.subscription_changes (day, plan, billing_interval, price_id, started, ended, in_force, trialing, renewing)
    select e.day, old.plan, coalesce(old.billing_interval, 'none'), coalesce(old.price_id, '00000000-0000-0000-0000-000000000000'), -e.started, -e.ended,
           -e.started * (old.ended_at is null)::int, -e.started * (old.status = 'trialing')::int, -e.started * (old.status in ('active', 'past_due'))::int
      from (values ((old.started_at at time zone 'UTC')::date, 1, 0), ((old.ended_at at time zone 'UTC')::date, 0, 1)) e (day, started, ended)
     where e.day is not null;
  end if;
  if tg_op <> 'DELETE' then
    insert into public.subscription_changes (day, plan, billing_interval, price_id, started, ended, in_force, trialing, renewing)
    select e.day, new.plan, coalesce(new.billing_interval, 'none'), coalesce(new.price_id, '00000000-0000-0000-0000-000000000000'), e.started, e.ended,
           e.started * (new.ended_at is null)::int, e.started * (new.status = 'trialing')::int, e.started * (new.status in ('active', 'past_due'))::int
      from (values ((new.started_at at time zone 'UTC')::date, 1, 0), ((new.ended_at at time zone 'UTC')::date, 0, 1)) e (day, started, ended)
     where e.day is not null;
  end if;
  return null;
end $$;

create or replace trigger count_new after insert or delete on public.user_subscriptions
  for each row execute function public.count_subscription();
create or replace trigger count_changed after update of plan, status, billing_interval, price_id, started_at, ended_at on public.user_subscriptions
  for each row when ((old.plan, old.status, old.billing_interval, old.price_id, old.started_at, old.ended_at)
    is distinct from (new.plan, new.status, new.billing_interval, new.price_id, new.started_at, new.ended_at))
  execute function public.count_subscription();

-- Trigger: subtracts deleted failed sign-ins (by an erasure, or after their retention) from the figures of their addresses.
create or replace function public.recount_failures() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  insert into public.failure_days (day)
  select distinct (at at time zone 'UTC')::date from gone where outcome = 'failed' and ip_address is not null;
  return null;
end $$;

create or replace trigger recount_failures after delete on public.login_attempts
  referencing old table as gone for each statement execute function public.recount_failures();

-- Counts sign-ins, lockouts and reuse of refresh tokens anew, from the day before the last day that had any: a transaction that began
-- before midnight may commit after it. Earlier days are final.
create or replace function public.sum_sign_ins() returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  today date := (clock_timestamp() at time zone 'UTC')::date;
  first_day date := (select max(s.day) - 1 from public.activity_sums s where (s.log_ins > 0 or s.failures > 0) and s.day <= today);
  first_moment timestamptz := coalesce(first_day, '-infinity')::timestamp at time zone 'UTC';
  -- Ids begin with their time (RFC 9562 5.7): the least id of the day before bounds the search.
  least_id uuid := coalesce((lpad(to_hex((extract(epoch from first_day - 1) * 1000)::bigint), 12, '0') || '70008000000000000000')::uuid,
                            '00000000-0000-0000-0000-000000000000');
  again date[];
begin
  update public.activity_sums set log_ins = 0, failures = 0, lockouts = 0, reuse = 0
   where day >= coalesce(first_day, '-infinity') and (log_ins > 0 or failures > 0 or lockouts > 0 or reuse > 0);
  insert into public.activity_sums as s (day, log_ins, failures, lockouts, reuse)
  select day, sum(log_ins), sum(failures), sum(lockouts), sum(reuse)
    from (
      select (at at time zone 'UTC')::date as day, (outcome = 'succeeded')::int as log_ins, (outcome = 'failed')::int as failures, 0 as lockouts, 0 as reuse
        from public.login_attempts where at >= first_moment
      union all
      select (at at time zone 'UTC')::date, 0, 0, (action = 'lockout.start')::int, (action = 'session.reuse_detected')::int
        from public.audit_logs where action in ('lockout.start', 'session.reuse_detected') and id >= least_id and at >= first_moment
    ) events
   group by day
      on conflict (day) do update set log_ins = excluded.log_ins, failures = excluded.failures, lockouts = excluded.lockouts, reuse = excluded.reuse;

  with gone as (delete from public.failure_days returning day)
  select array_agg(distinct day) into again from gone where day < first_day;
  delete from public.failing_addresses where day >= coalesce(first_day, '-infinity') or day = any (again);
  insert into public.failing_addresses (day, ip_address, failures)
  select day, ip_address, failures
    from (select day, ip_address, count(*) as failures, row_number() over (partition by day order by count(*) desc, ip_address) as place
            from (
              select (at at time zone 'UTC')::date as day, ip_address from public.login_attempts
               where outcome = 'failed' and ip_address is not null and at >= first_moment
              union all
              select a.day, l.ip_address from unnest(again) a (day) join public.login_attempts l
                  on l.at >= a.day::timestamp at time zone 'UTC' and l.at < (a.day + 1)::timestamp at time zone 'UTC'
               where l.outcome = 'failed' and l.ip_address is not null
            ) failed
           group by day, ip_address) counted
   where place <= 200;
end $$;

-- Adds the changes that the triggers wrote since the last call to the sums.
create or replace function public.sum_changes() returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  with moved as (
    delete from public.activity_changes returning *)
  insert into public.activity_sums as s (day, sign_ups, erased, locked, invited)
  select day, sum(sign_ups), sum(erased), sum(locked), sum(invited) from moved group by day
      on conflict (day) do update set sign_ups = s.sign_ups + excluded.sign_ups, erased = s.erased + excluded.erased,
         locked = s.locked + excluded.locked, invited = s.invited + excluded.invited;
  with moved as (
    delete from public.subscription_changes returning *)
  insert into public.subscription_sums as s
  select day, plan, billing_interval, price_id, sum(started), sum(ended), sum(in_force), sum(trialing), sum(renewing) from moved group by 1, 2, 3, 4
      on conflict (day, plan, billing_interval, price_id) do update set started = s.started + excluded.started, ended = s.ended + excluded.ended,
         in_force = s.in_force + excluded.in_force, trialing = s.trialing + excluded.trialing, renewing = s.renewing + excluded.renewing;
end $$;

-- Computes the sums anew from all rows: after rows were loaded without triggers or with old dates, and where a sum is doubted. Each sum is
-- one statement, whose snapshot contains both a row and the change that its trigger wrote, or neither.
create or replace function public.recount_sums() returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  update public.activity_sums set sign_ups = 0, erased = 0, locked = 0, invited = 0;
  with counted as (
    delete from public.activity_changes)
  insert into public.activity_sums as s (day, sign_ups, erased, locked, invited)
  select (created_at at time zone 'UTC')::date, count(*) filter (where not is_invited), count(*) filter (where not is_invited and status = 'deleted'),
         count(*) filter (where not is_invited and status = 'locked'), count(*) filter (where is_invited and status <> 'deleted')
    from public.user_accounts group by 1
      on conflict (day) do update set sign_ups = excluded.sign_ups, erased = excluded.erased, locked = excluded.locked, invited = excluded.invited;
  delete from public.subscription_sums;
  with counted as (
    delete from public.subscription_changes)
  insert into public.subscription_sums
  select e.day, s.plan, coalesce(s.billing_interval, 'none'), coalesce(s.price_id, '00000000-0000-0000-0000-000000000000'), sum(e.started), sum(e.ended),
         sum(e.started * (s.ended_at is null)::int), sum(e.started * (s.status = 'trialing')::int), sum(e.started * (s.status in ('active', 'past_due'))::int)
    from public.user_subscriptions s
    cross join lateral (values ((s.started_at at time zone 'UTC')::date, 1, 0), ((s.ended_at at time zone 'UTC')::date, 0, 1)) e (day, started, ended)
   where e.day is not null group by 1, 2, 3, 4;
  update public.activity_sums set log_ins = 0, failures = 0, lockouts = 0, reuse = 0
   where day > (select (min(at) at time zone 'UTC')::date from public.login_attempts);
  perform public.sum_sign_ins();
  -- Past days of teams cannot be counted again; beyond 20,000 teams the job counts the rest.
  insert into public.team_changes (team_id) values (null);
  perform public.sum_teams();
end $$;
