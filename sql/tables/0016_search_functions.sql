-- As 0007 says of every function: names are looked up where nobody else can put any.

alter function public.search_fold(text) set search_path = pg_catalog, pg_temp;
alter function public.search_fold(text) set timezone = 'UTC';

create or replace function public.search_pattern(p_text text) returns text language sql immutable parallel safe
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select regexp_replace(public.search_fold(p_text), '([\\%_])', '\\\1', 'g')
$$;
