-- A literal LIKE pattern of search_fold (migration 14). Folding can produce a wildcard (from a full-width per cent sign), so the text is
-- escaped after it. search_fold has no file here: a stored generated column uses it, which only a migration can rebuild.
create or replace function public.search_pattern(p_text text) returns text language sql immutable parallel safe
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select regexp_replace(public.search_fold(p_text), '([\\%_])', '\\\1', 'g')
$$;
