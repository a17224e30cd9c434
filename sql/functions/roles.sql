-- Trigger: refuses changes of the names and levels of the five seeded roles, and their deletion.
create or replace function public.keep_seeded_role() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if old.seeded and (tg_op = 'DELETE' or new.name <> old.name or new.privilege_level <> old.privilege_level
                     or not new.seeded or new.retired_at is not null) then
    raise exception 'a seeded role keeps its name and level' using errcode = 'restrict_violation', constraint = 'seeded_role';
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;

-- Trigger: refuses to remove the last active superadmin. The role's row is the lock that makes the count exact.
create or replace function public.keep_a_superadmin() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  -- An update, not only a lock: a transaction with an older snapshot then fails instead of counting by that snapshot.
  update public.roles set updated_at = clock_timestamp() where name = 'superadmin';
  if not exists (select 1 from public.user_accounts where role = 'superadmin' and status = 'active') then
    raise exception 'the last active superadmin must stay' using errcode = 'restrict_violation', constraint = 'last_superadmin';
  end if;
  return null;
end $$;

-- The privilege level that counts when one person acts on another. A plan gives no rank: a subscriber by a plan counts as a user.
create or replace function public.rank_of(p_role text, p_plan text) returns smallint language sql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select privilege_level from public.roles where name = case when p_role = 'subscriber' and p_plan <> 'free' then 'user' else p_role end
$$;
