-- How many lockouts stand in a row: forgotten after 24 h without a failure, counted from the end of the last lockout.
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
