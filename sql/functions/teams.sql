-- The plan in force at a time, from a stored plan and its end.
create or replace function public.plan_in_force(p_plan text, p_ends_at timestamptz, p_at timestamptz) returns text language sql immutable parallel safe
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select case when p_ends_at <= p_at then 'free' else p_plan end
$$;

-- The plan that the owner of a team shares with its members at a time: the owner's own plan while it has team_collaboration, else free. An
-- override of the owner counts, too: one that grants the feature ends at its expiry, one that refuses it when its row is deleted.
create or replace function public.shared_plan(p_owner uuid, p_at timestamptz, out plan text, out ends_at timestamptz) language sql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select case when s.shares then s.plan else 'free' end, case when s.shares then s.ends_at end
    from (select a.plan::text as plan, least(a.plan_ends_at, case when p.feature is null then f.expires_at end) as ends_at,
                 a.plan <> 'free' and coalesce(a.plan_ends_at > p_at, true) and coalesce(f.granted, true)
                   and (p.feature is not null or f.granted and coalesce(f.expires_at > p_at, true)) as shares
            from public.user_accounts a
            left join public.plan_features p on p.plan = a.plan and p.feature = 'team_collaboration'
            left join public.account_features f on f.account_id = a.id and f.feature = 'team_collaboration'
           where a.id = p_owner) s
$$;

-- Whether an account's plan at a time, or the plan's end, differs from what the owner of its team shares.
create or replace function public.has_other_plan(p_account public.user_accounts, p_at timestamptz) returns boolean language sql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select (public.plan_in_force(p_account.plan, p_account.plan_ends_at, p_at), case when p_account.plan_ends_at > p_at then p_account.plan_ends_at end)
         is distinct from (s.plan, s.ends_at)
    from public.shared_plan(p_account.payer_id, p_at) s
$$;

-- The account that pays for an account now, and whose monthly quota it uses: the owner of its team while that has a plan, else itself.
create or replace function public.payer_of(p_account uuid) returns uuid language sql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select case when public.plan_in_force(plan, plan_ends_at, clock_timestamp()) = 'free' then id else coalesce(payer_id, id) end
    from public.user_accounts where id = p_account
$$;

-- The number of seats of this owner's team, the owner included: by the plan in force, at most 500; one without the feature.
create or replace function public.seats_of(p_owner uuid) returns integer language sql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select case when coalesce(
           (select f.granted from public.account_features f
             where f.account_id = a.id and f.feature = 'team_collaboration' and coalesce(f.expires_at > clock_timestamp(), true)),
           exists (select from public.plan_features f where f.plan = p.name and f.feature = 'team_collaboration'))
         then least(coalesce(p.max_users, 500), 500)::integer else 1 end
    from public.user_accounts a
    join public.subscription_plans p on p.name = public.plan_in_force(a.plan, a.plan_ends_at, clock_timestamp())
   where a.id = p_owner
$$;

-- Locks the rows that a change of plan of these accounts may concern: the teams that they own or are members of, in the order of ids; then
-- the accounts and the members of the teams that they own, in the order of ids. Every transaction that changes a plan, a membership or
-- ends a team calls it before it locks any account.
create or replace function public.lock_teams(p_accounts uuid[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  concerned uuid[] := array(
    select id from public.teams where owner_id = any (p_accounts)
     union select team_id from public.team_members where account_id = any (p_accounts));
begin
  perform 1 from public.teams where id = any (concerned) order by id for no key update;
  -- Read again: somebody may have joined or left during the wait for the teams' locks.
  concerned := array(
    select m.account_id from public.teams t join public.team_members m on m.team_id = t.id where t.owner_id = any (p_accounts)
     union select unnest(p_accounts));
  perform 1 from public.user_accounts where id = any (concerned) order by id for no key update;
end $$;

-- Stores since when a team has had more members than seats, or that it no longer has. A team without a shared plan is left as it is: the
-- job clears it when the days of grace are over (src/teams/surplus.ts). The caller has locked the team.
create or replace function public.note_surplus(p_owner uuid) returns void language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  update public.teams t
     set surplus_since = case when s.is_short then clock_timestamp() end, surplus_told = false
    from (select (select count(*) from public.team_members m join public.teams o on o.id = m.team_id where o.owner_id = p_owner)
                 > public.seats_of(p_owner) as is_short) s
   where t.owner_id = p_owner and (t.surplus_since is not null) is distinct from s.is_short
     and (select plan <> 'free' from public.shared_plan(p_owner, clock_timestamp()))
$$;

-- Gives the plan that a team's owner shares now to the members with another plan in force, increments their versions, and records and
-- returns the changes. A plan that is over by the clock changes nothing here: its end is stored on every member's row.
create or replace function public.spread_plan(p_owner uuid) returns setof public.authz_changes language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp();
  shared record; others uuid[]; changed uuid[];
begin
  others := array(
    select a.id from public.teams t join public.team_members m on m.team_id = t.id join public.user_accounts a on a.id = m.account_id
     where t.owner_id = p_owner and a.payer_id = p_owner and public.has_other_plan(a, this_moment) order by a.id);
  if cardinality(others) = 0 then return; end if;
  select * into shared from public.shared_plan(p_owner, this_moment);
  with moved as (
    update public.user_accounts a
       set plan = shared.plan, plan_ends_at = shared.ends_at, authz_version = a.authz_version + 1,
           role = case when a.role = 'subscriber' and shared.plan = 'free' then 'user' else a.role end
     where a.id = any (others) and a.payer_id = p_owner returning a.id)
  select array_agg(id) into changed from moved;
  perform public.note_surplus(p_owner);
  return query
    insert into public.authz_changes (account_id, version, kind, role, privilege_level, plan, pex, overrides, status, payer_id)
    select s.id, s.authz_version, 'state', s.role, s.privilege_level, s.plan, s.pex, s.overrides, s.status, s.payer_id
      from public.account_authz s where s.id = any (changed) order by s.id
    returning *;
end $$;

-- Marks the teams whose shared plan or number of seats was changed by an edit of the catalogue. One member of each is compared, as all of
-- them have the same plan.
create or replace function public.note_unsettled_teams() returns void language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  insert into public.unsettled_teams (owner_id)
  select t.owner_id from public.teams t
    cross join lateral (select a as member from public.team_members m join public.user_accounts a on a.id = m.account_id
                         where m.team_id = t.id and a.payer_id = t.owner_id limit 1) one
   where public.has_other_plan(one.member, clock_timestamp())
      or public.plan_in_force((one.member).plan, (one.member).plan_ends_at, clock_timestamp()) <> 'free'
         and (t.surplus_since is not null) is distinct from ((select count(*) from public.team_members m where m.team_id = t.id) > public.seats_of(t.owner_id))
  on conflict do nothing
$$;

-- Updates the members and the surplus of one marked team. Returns how many teams it updated: 0 or 1.
create or replace function public.settle_teams() returns integer language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  concerned uuid := (select owner_id from public.unsettled_teams order by since limit 1);
begin
  if concerned is null then return 0; end if;
  perform public.lock_teams(array[concerned]);
  delete from public.unsettled_teams where owner_id = concerned;
  perform public.spread_plan(concerned);
  perform public.note_surplus(concerned);
  perform pg_notify('authz_changes', '');
  return 1;
end $$;

-- Trigger: refuses a new member where every seat is taken, counted under the team's lock, or who has a plan of their own in force.
create or replace function public.judge_seat() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  team public.teams;
begin
  select * into team from public.teams where id = new.team_id for no key update;
  if team.owner_id = new.account_id then return new; end if;
  if exists (select from public.user_subscriptions s
              where s.account_id = new.account_id and s.ended_at is null and s.plan <> 'free' and coalesce(s.current_period_end > clock_timestamp(), true)) then
    raise exception 'a member has no plan of their own' using errcode = 'restrict_violation', constraint = 'members_have_no_plan';
  end if;
  if (select count(*) from public.team_members where team_id = new.team_id) >= public.seats_of(team.owner_id) then
    raise exception 'every seat is taken' using errcode = 'restrict_violation', constraint = 'team_seats';
  end if;
  return new;
end $$;
create or replace trigger judge_seat before insert on public.team_members
  for each row execute function public.judge_seat();

-- Trigger: gives a new member the plan that the team's owner shares, and a former member their own plan. The caller records the change of
-- rights.
create or replace function public.keep_payer() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if tg_op = 'INSERT' then
    update public.user_accounts a set payer_id = t.owner_id, plan = s.plan, plan_ends_at = s.ends_at
      from public.teams t cross join lateral public.shared_plan(t.owner_id, clock_timestamp()) s
     where t.id = new.team_id and a.id = new.account_id and t.owner_id <> new.account_id;
  else
    update public.user_accounts a
       set payer_id = null, plan = coalesce(s.plan, 'free'), plan_ends_at = s.current_period_end,
           role = case when a.role = 'subscriber' and coalesce(s.plan, 'free') = 'free' then 'user' else a.role end
      from (select 1) one left join public.user_subscriptions s on s.account_id = old.account_id and s.ended_at is null
     where a.id = old.account_id and a.payer_id is not null;
    perform public.note_surplus(owner_id) from public.teams where id = old.team_id and surplus_since is not null;
  end if;
  return null;
end $$;
create or replace trigger keep_payer after insert or delete on public.team_members
  for each row execute function public.keep_payer();

-- Trigger: refuses to move a membership to another team or account, or a team to another owner.
create or replace function public.refuse_moving() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  raise exception 'a membership or an owner cannot be moved' using errcode = 'restrict_violation', constraint = 'teams_do_not_move';
end $$;
create or replace trigger refuse_moving before update of account_id, team_id on public.team_members
  for each row execute function public.refuse_moving();
create or replace trigger refuse_moving before update of owner_id on public.teams
  for each row execute function public.refuse_moving();

-- Trigger: refuses a plan of their own to members of a team.
create or replace function public.judge_own_plan() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if exists (select from public.user_accounts where id = new.account_id and payer_id is not null) then
    raise exception 'a member has no plan of their own' using errcode = 'restrict_violation', constraint = 'members_have_no_plan';
  end if;
  return null;
end $$;
create or replace trigger judge_own_plan after insert or update of plan, ended_at on public.user_subscriptions
  for each row when (new.ended_at is null and new.plan <> 'free') execute function public.judge_own_plan();

-- Trigger at COMMIT: refuses a transaction after which a member's plan in force is not the one that the owner shares.
create or replace function public.judge_team_plan() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  if exists (
    select from (select new.id as account_id
                  union all select t.account_id from public.teams o join public.team_members t on t.team_id = o.id where o.owner_id = new.id) concerned
      join public.user_accounts m on m.id = concerned.account_id
     where m.payer_id is not null and public.has_other_plan(m, clock_timestamp())
       and not exists (select from public.unsettled_teams u where u.owner_id = m.payer_id)) then
    raise exception 'a member has another plan than the owner of the team' using errcode = 'integrity_constraint_violation', constraint = 'members_have_the_plan';
  end if;
  return null;
end $$;
do $$
begin
  drop trigger if exists judge_team_plan on public.user_accounts;
  create constraint trigger judge_team_plan after update of plan, plan_ends_at, payer_id on public.user_accounts
    deferrable initially deferred for each row
    when ((old.plan, old.plan_ends_at, old.payer_id) is distinct from (new.plan, new.plan_ends_at, new.payer_id)) execute function public.judge_team_plan();
end $$;

-- With the owner's rights: the server's role is granted it by name.
revoke execute on function public.settle_teams() from public;
