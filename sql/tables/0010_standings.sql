-- Rank and rights that have run out, each judged in one place.

-- The level that counts where one person acts on another: paying moves no rank, so a subscriber by a plan counts as a user.
create function public.rank_of(p_role text, p_plan text) returns smallint language sql stable
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select privilege_level from public.roles where name = case when p_role = 'subscriber' and p_plan <> 'free' then 'user' else p_role end
$$;

-- Puts one account right by the clock, before anything about it is changed: what has run out ends, a subscriber becomes a
-- user, and every instance hears of it. The account's row is locked by the caller. No row: there was nothing to settle.
create function public.settle_standing(p_account uuid) returns setof public.authz_changes language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  cleared boolean;
begin
  delete from public.account_features where account_id = p_account and expires_at <= clock_timestamp();
  cleared := found;
  if public.end_subscription(p_account) or cleared then
    return query select * from public.record_authz_change(p_account);
  end if;
end $$;

-- The same for everybody with something that is due.
create or replace function public.end_expired() returns bigint language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp(); -- a value, which an index can be asked for; the function itself is volatile
  due record; ended bigint := 0;
begin
  for due in
    select s.account_id from public.user_subscriptions s where s.ended_at is null and s.current_period_end <= this_moment
     union
    select f.account_id from public.account_features f where f.expires_at <= this_moment
     order by account_id limit 1000
  loop
    perform 1 from public.user_accounts where id = due.account_id for no key update;
    perform public.settle_standing(due.account_id);
    ended := ended + 1;
  end loop;
  return ended;
end $$;
