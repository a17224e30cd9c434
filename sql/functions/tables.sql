-- Trigger of every table with updated_at.
create or replace function public.touch_updated_at() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end $$;
