-- Days as a person lives them: by the time zone of the profile, with its daylight saving. A zone that this server's own tables
-- do not know (they may be older than the program's) counts as UTC. Not parallel safe: catching an error needs a subtransaction.

create function public.local_day(p_at timestamptz, p_zone text) returns date language plpgsql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  return (p_at at time zone p_zone)::date;
exception when invalid_parameter_value then
  return (p_at at time zone 'UTC')::date;
end $$;

-- When a day begins there: where clocks are put forward at midnight, at the first moment after.
create function public.local_midnight(p_day date, p_zone text) returns timestamptz language plpgsql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  return p_day::timestamp at time zone p_zone;
exception when invalid_parameter_value then
  return p_day::timestamp at time zone 'UTC';
end $$;

comment on column public.usage_daily.day is 'of the time zone that the person had when it was counted';
