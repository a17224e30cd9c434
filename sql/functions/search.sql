-- search_fold (0014) for LIKE, taken literally: folding can make a wildcard (a full-width per cent sign), so it is escaped
-- afterwards. search_fold itself is no file here: a stored column is made of it, which only a migration can make anew.
create or replace function public.search_pattern(p_text text) returns text language sql immutable parallel safe
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select regexp_replace(public.search_fold(p_text), '([\\%_])', '\\\1', 'g')
$$;
