-- The numbers of the lockout are in this file. Five failures within 15 minutes lock a counter for 15 minutes, then twice as long
-- each time, up to an hour (24 hours for checks of a signed-in person's own password). After a hundred failures without a success, at
-- any pace (NIST SP 800-63B-4, 3.2.2), each further one locks for an hour, until a success or 30 days without a failure.
-- purge_expired keeps a counter as long as any rule here needs it.

-- How many lockouts followed each other: reset after 24 h without a failure, counted from the end of the last lockout.
create or replace function public.lockouts_in_a_row(counter public.lockouts) returns integer language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select case when greatest(counter.last_failure_at, counter.locked_until) < clock_timestamp() - interval '24 hours' then 0
              else counter.consecutive::int end
$$;

-- The tries still undecided: one left by a crash stops counting after 30 s.
create or replace function public.live_tries(pending jsonb) returns jsonb language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select coalesce(jsonb_object_agg(key, value), '{}') from jsonb_each(pending)
   where value::float8 > extract(epoch from clock_timestamp()) - 30
$$;

-- The failures of the last 15 minutes.
create or replace function public.recent_failures(failures timestamptz[]) returns timestamptz[] language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select coalesce(array_agg(at order by at), '{}') from unnest(failures) at where at > clock_timestamp() - interval '15 minutes'
$$;

-- How many failures may still follow without a success; none of a hundred and later ones, until 30 days without a failure.
create or replace function public.failures_left(counter public.lockouts) returns integer language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select case when counter.last_failure_at < clock_timestamp() - interval '30 days' then 100 else 100 - counter.failures_in_a_row end
$$;

-- How many tries may be undecided at once; the last of them starts a lockout when it fails.
create or replace function public.tries_left(counter public.lockouts) returns integer language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select least(5 - cardinality(public.recent_failures(counter.failures)), greatest(1, public.failures_left(counter)))
$$;

-- Seconds until a lockout ends, a day at most; null while there is none.
create or replace function public.lockout_seconds(locked_until timestamptz) returns double precision language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select case when locked_until > clock_timestamp() then least(extract(epoch from locked_until - clock_timestamp()), 86400)::float8 end
$$;

-- The counter with one more reserved try. While it is locked, or as many tries are undecided as may fail, none is added, and only
-- expired tries are removed.
create or replace function public.with_try(counter public.lockouts, attempt text) returns public.lockouts language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  live jsonb := public.live_tries(counter.pending);
begin
  counter.updated_at := clock_timestamp();
  counter.pending := live;
  if not coalesce(counter.locked_until > clock_timestamp(), false)
     and (select count(*) from jsonb_object_keys(live)) < public.tries_left(counter) then
    counter.pending := live || jsonb_build_object(attempt, extract(epoch from clock_timestamp()));
  end if;
  return counter;
end $$;

-- The counter after a failure, locked when that was the last allowed. A device's counter is locked without an end: later log-ins of
-- that device are counted by address.
create or replace function public.with_failure(counter public.lockouts, attempt text, kind text) returns public.lockouts language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp();
  in_a_row integer := public.lockouts_in_a_row(counter);
  failures_in_a_row integer := 100 - public.failures_left(counter);
  longest interval := case when kind = 'password' then interval '24 hours' else interval '1 hour' end;
  locks boolean := public.tries_left(counter) <= 1;
begin
  if locks then
    counter.locked_until := case
      when kind = 'device' then timestamptz '9999-12-31'
      when public.failures_left(counter) <= 1 then this_moment + interval '1 hour'
      else this_moment + least(interval '15 minutes' * power(2, in_a_row), longest) end;
  end if;
  counter.failures := case when locks then '{}' else public.recent_failures(counter.failures) || this_moment end;
  counter.consecutive := in_a_row + case when locks and counter.consecutive < 20 then 1 else 0 end;
  counter.failures_in_a_row := least(failures_in_a_row + 1, 1000000);
  counter.pending := counter.pending - attempt;
  counter.last_failure_at := this_moment;
  counter.updated_at := this_moment;
  return counter;
end $$;

-- Codes of a second factor have their own counters: 30 wrong ones within an hour lock a counter for an hour, and the limit of a hundred
-- without a success is the same. Trying a code needs the password, or a session.

-- The wrong codes of the last hour.
create or replace function public.recent_wrong_codes(failures timestamptz[]) returns timestamptz[] language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select coalesce(array_agg(at order by at), '{}') from unnest(failures) at where at > clock_timestamp() - interval '1 hour'
$$;

-- How many codes may be undecided at once; the last of them starts a lockout when it is wrong.
create or replace function public.codes_left(counter public.lockouts) returns integer language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select least(30 - cardinality(public.recent_wrong_codes(counter.failures)), greatest(1, public.failures_left(counter)))
$$;

-- As with_try, of a counter of codes.
create or replace function public.with_code_try(counter public.lockouts, attempt text) returns public.lockouts language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  live jsonb := public.live_tries(counter.pending);
begin
  counter.updated_at := clock_timestamp();
  counter.pending := live;
  if not coalesce(counter.locked_until > clock_timestamp(), false)
     and (select count(*) from jsonb_object_keys(live)) < public.codes_left(counter) then
    counter.pending := live || jsonb_build_object(attempt, extract(epoch from clock_timestamp()));
  end if;
  return counter;
end $$;

-- As with_failure, of a counter of codes. `kind`: the counter of a device is locked without an end, as there.
create or replace function public.with_wrong_code(counter public.lockouts, attempt text, kind text) returns public.lockouts language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp();
  failures_in_a_row integer := 100 - public.failures_left(counter);
  locks boolean := public.codes_left(counter) <= 1;
begin
  if locks then
    counter.locked_until := case when kind = 'code-device' then timestamptz '9999-12-31' else this_moment + interval '1 hour' end;
  end if;
  counter.failures := case when locks then '{}' else public.recent_wrong_codes(counter.failures) || this_moment end;
  counter.failures_in_a_row := least(failures_in_a_row + 1, 1000000);
  counter.pending := counter.pending - attempt;
  counter.last_failure_at := this_moment;
  counter.updated_at := this_moment;
  return counter;
end $$;
