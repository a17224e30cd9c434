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

-- Trigger: refuses a session whose strength is none (RFC 8176, RFC 9470): unknown methods, no method at all, or `aal2` without a second
-- factor. Checks of the table would be evaluated in every refresh; see 0050_session_strength.sql.
create or replace function public.refuse_strength() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  broken text := case when new.acr = 'aal2' and not new.amr && '{otp,hwk,swk}'::text[] then 'sessions_aal2_by_a_second_factor'
                      when new.acr in ('aal1', 'aal2') then 'sessions_amr_check' else 'sessions_acr_check' end;
begin
  raise exception 'a session cannot be % by %', new.acr, new.amr using errcode = 'check_violation', constraint = broken, table = 'sessions';
end $$;

create or replace trigger keep_strength after insert or update of amr, acr on public.sessions
  for each row when (not (new.amr <@ '{pwd,otp,hwk,swk,fed}'::text[] and new.amr <> '{}' and (new.acr = 'aal1' or new.acr = 'aal2' and new.amr && '{otp,hwk,swk}'::text[])))
  execute function public.refuse_strength();
