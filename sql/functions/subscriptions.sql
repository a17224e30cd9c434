-- Ends the current subscription of an account if its period is over, inserts a free one and queues a notice. Idempotent. The caller has
-- locked the account's row.
create or replace function public.end_subscription(p_account uuid) returns boolean language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  old public.user_subscriptions;
begin
  update public.user_subscriptions set status = 'expired', ended_at = current_period_end
   where account_id = p_account and ended_at is null and current_period_end <= clock_timestamp() returning * into old;
  if not found then return false; end if;
  insert into public.user_subscriptions (id, account_id, plan, status, started_at)
  values (public.uuid_v7(old.current_period_end), p_account, 'free', 'active', old.current_period_end);
  update public.user_accounts set role = 'user' where id = p_account and role = 'subscriber';
  perform public.queue_notice(p_account, 'subscription-changed', jsonb_build_object(
    'at', old.current_period_end, 'plan', p.display_name, 'change', 'ended', 'until', null)) from public.subscription_plans p where p.name = old.plan;
  return true;
end $$;

-- Puts a member of a team on the free plan if the team's plan is over; the owner's own subscription is ended on the owner's account. The
-- caller has locked the account's row.
create or replace function public.end_shared_plan(p_account uuid) returns boolean language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  update public.user_accounts set plan = 'free', plan_ends_at = null, role = case when role = 'subscriber' then 'user' else role end
   where id = p_account and payer_id is not null and plan_ends_at <= clock_timestamp();
  return found;
end $$;

-- Applies what is over by the clock to one account, before anything else of it is changed: ends the subscription, makes a subscriber a
-- user again, and records the change for all instances. Members of its team have the same ends on their own rows. The caller has locked
-- the account's row. No row: nothing was over.
create or replace function public.settle_standing(p_account uuid) returns setof public.authz_changes language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  cleared boolean;
begin
  -- A job updates the members, because this transaction has not locked their team.
  insert into public.unsettled_teams (owner_id)
  select t.owner_id from public.account_features f join public.teams t on t.owner_id = f.account_id
   where f.account_id = p_account and f.feature = 'team_collaboration' and not f.granted and f.expires_at <= clock_timestamp()
  on conflict do nothing;
  delete from public.account_features where account_id = p_account and expires_at <= clock_timestamp();
  cleared := found;
  if public.end_subscription(p_account) or public.end_shared_plan(p_account) or cleared then
    return query select * from public.record_own_change(p_account);
  end if;
end $$;

-- settle_standing for up to 250 accounts with something that is over. Their rights had ended on time before: tokens carry the end.
create or replace function public.end_expired() returns bigint language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp(); -- a constant, so that an index can be used; the function itself is volatile
  due record; ended bigint := 0;
begin
  for due in
    select s.account_id from public.user_subscriptions s where s.ended_at is null and s.current_period_end <= this_moment
     union
    select f.account_id from public.account_features f where f.expires_at <= this_moment
     union
    select a.id from public.user_accounts a where a.plan_ends_at <= this_moment
     order by account_id limit 250
  loop
    perform 1 from public.user_accounts where id = due.account_id for no key update;
    perform public.settle_standing(due.account_id);
    ended := ended + 1;
  end loop;
  return ended;
end $$;

-- Trigger: copies the current plan and its end to the account. A member of a team has the team's plan instead (keep_payer in teams.sql).
create or replace function public.keep_plan() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  update public.user_accounts set plan = new.plan, plan_ends_at = new.current_period_end
   where id = new.account_id and payer_id is null and (plan, plan_ends_at) is distinct from (new.plan, new.current_period_end);
  return null;
end $$;

-- Trigger: marks a subscription that was ever trialing, whichever version of the server wrote it.
create or replace function public.mark_trial() returns trigger language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  new.trial := true;
  return new;
end $$;

-- With the owner's rights: the server's role is granted it by name.
revoke execute on function public.end_expired() from public;
