-- Trigger: marks the team of a row as to be counted again, and all teams after an edit of the catalogue that changes sharing or seats.
create or replace function public.note_team_change() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  case tg_table_name
    when 'team_members' then
      insert into public.team_changes (team_id) values (coalesce(new.team_id, old.team_id));
    when 'user_accounts' then
      insert into public.team_changes (team_id) select id from public.teams where owner_id = new.id;
    when 'account_features' then
      insert into public.team_changes (team_id) select id from public.teams where owner_id = coalesce(new.account_id, old.account_id);
    else
      insert into public.team_changes (team_id) values (null);
  end case;
  return null;
end $$;

-- A team begins and ends with the membership of its owner.
create or replace trigger note_team_change after insert or delete on public.team_members
  for each row execute function public.note_team_change();
-- Only owners: a member's plan is that of the team.
create or replace trigger note_team_change after update of plan, plan_ends_at on public.user_accounts
  for each row when (new.payer_id is null and (old.plan, old.plan_ends_at) is distinct from (new.plan, new.plan_ends_at))
  execute function public.note_team_change();
create or replace trigger note_new_team_right after insert or update on public.account_features
  for each row when (new.feature = 'team_collaboration') execute function public.note_team_change();
create or replace trigger note_old_team_right after delete on public.account_features
  for each row when (old.feature = 'team_collaboration') execute function public.note_team_change();
create or replace trigger note_new_shared_plan after insert on public.plan_features
  for each row when (new.feature = 'team_collaboration') execute function public.note_team_change();
create or replace trigger note_old_shared_plan after delete on public.plan_features
  for each row when (old.feature = 'team_collaboration') execute function public.note_team_change();
create or replace trigger note_other_seats after update of max_users on public.subscription_plans
  for each row when (old.max_users is distinct from new.max_users) execute function public.note_team_change();

-- Counts the teams that are marked, and adds the difference from what was counted of them before to the sums of today. At most 20,000 a
-- call, because an edit of the catalogue may mark all; in batches of 1,000, so that each batch is looked up by index.
create or replace function public.sum_teams() returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  today date := (clock_timestamp() at time zone 'UTC')::date;
  concerned uuid[];
begin
  lock table public.counted_teams in share row exclusive mode;
  if exists (select from public.team_changes where team_id is null) then
    delete from public.team_changes where team_id is null;
    insert into public.team_changes (team_id) select id from public.teams union select team_id from public.counted_teams;
  end if;
  for batch in 1..20 loop
    with asked as (
      delete from public.team_changes
       where ctid = any (array(select ctid from public.team_changes where team_id is not null limit 1000)) returning team_id)
    select array_agg(distinct team_id) into concerned from asked;
    exit when concerned is null;
    with present as materialized (
      select t.id as team_id, s.plan, case when s.plan = 'free' then 0 else public.seats_of(t.owner_id) end as seats,
             (select count(*)::integer from public.team_members m where m.team_id = t.id) as used
        from public.teams t cross join lateral public.shared_plan(t.owner_id, clock_timestamp()) s
       where t.id = any (concerned)),
    moved as materialized (
      select plan, sum(teams) as teams, sum(seats) as seats, sum(used) as used
        from (select plan, 1 as teams, seats, used from present
              union all
              select plan, -1, -seats, -used from public.counted_teams where team_id = any (concerned)) both_ways
       group by plan),
    gone as (
      delete from public.counted_teams where team_id = any (concerned) and team_id not in (select team_id from present)),
    counted as (
      insert into public.counted_teams as c (team_id, plan, seats, used) select team_id, plan, seats, used from present
          on conflict (team_id) do update set plan = excluded.plan, seats = excluded.seats, used = excluded.used)
    insert into public.team_sums as s (day, plan, teams, seats, used)
    select today, plan, teams, seats, used from moved where teams <> 0 or seats <> 0 or used <> 0
        on conflict (day, plan) do update set teams = s.teams + excluded.teams, seats = s.seats + excluded.seats, used = s.used + excluded.used;
  end loop;
end $$;
