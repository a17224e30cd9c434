-- Deletes what is stored of replaced refresh tokens to issue the same successor again, 10 s after the replacement.
create or replace function public.forget_successors() returns bigint language sql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  with forgotten as (
    update public.tokens set successor_jti = null, successor_iat = null, successor_exp = null, successor_kid = null
     where successor_jti is not null and replaced_at < clock_timestamp() - interval '10 seconds' returning 1)
  select count(*) from forgotten
$$;

-- With the owner's rights: the server's role is granted it by name.
revoke execute on function public.forget_successors() from public;
