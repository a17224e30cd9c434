-- The day of a moment in a time zone. A zone that this server's tables do not know (they may be older than the program's) counts
-- as UTC. Not parallel safe: catching an error needs a subtransaction.
create or replace function public.local_day(p_at timestamptz, p_zone text) returns date language plpgsql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  return (p_at at time zone p_zone)::date;
exception when invalid_parameter_value then
  return (p_at at time zone 'UTC')::date;
end $$;

-- When a day begins in a time zone: where clocks are put forward at midnight, at the first moment after.
create or replace function public.local_midnight(p_day date, p_zone text) returns timestamptz language plpgsql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  return p_day::timestamp at time zone p_zone;
exception when invalid_parameter_value then
  return p_day::timestamp at time zone 'UTC';
end $$;
