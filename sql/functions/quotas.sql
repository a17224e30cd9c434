-- Counts what a lease has spent, and grants it more units: p_wanted, but at most an eighth of the free units, so that leases shrink to
-- one unit near the limit. A quarter of what it holds is drawn: usable at once, and counted as used if the instance dies. Where drawn =
-- spent nothing is free; `elsewhere` is what other leases hold, and their instances are asked to return units. Null: the account does
-- not exist. An erasure in progress is waited for, after which the account has no quota.
create or replace function public.take_quota(p_account uuid, p_feature text, p_lease uuid, p_limit bigint, p_spent bigint, p_wanted bigint)
returns public.quota_grant language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_month date := date_trunc('month', clock_timestamp() at time zone 'UTC');
  held_elsewhere bigint; free bigint; units bigint; result public.quota_grant;
begin
  insert into public.quota_usage (account_id, month, feature)
  select id, this_month, p_feature from public.user_accounts where id = p_account and status <> 'deleted' for key share on conflict do nothing;
  -- Every grant for this account takes this lock, and each later statement sees what its last holder committed.
  perform 1 from public.quota_usage where account_id = p_account and month = this_month and feature = p_feature for update;
  if not found then return null; end if;

  -- A dead lease may have spent all that it had drawn, which is counted as used; the rest is free again.
  with dead as (
    delete from public.quota_leases where account_id = p_account and month = this_month and feature = p_feature
        and id <> p_lease and expires_at <= clock_timestamp() returning drawn)
  update public.quota_usage set used = used + (select sum(drawn) from dead)
   where account_id = p_account and month = this_month and feature = p_feature and exists (select from dead);
  -- The lease may belong to the month before.
  with ended as (delete from public.quota_leases where id = p_lease and month < this_month returning account_id, month, feature, drawn)
  update public.quota_usage u set used = u.used + least(p_spent, ended.drawn) from ended where u.account_id = ended.account_id and u.month = ended.month and u.feature = ended.feature;

  -- A missing lease was dead, and was counted when it was found so.
  result.spent := case when exists (select from public.quota_leases where id = p_lease) then p_spent else 0 end;
  select coalesce(sum(held), 0), coalesce(sum(held - spent), 0) into held_elsewhere, result.elsewhere
    from public.quota_leases where account_id = p_account and month = this_month and feature = p_feature and id <> p_lease;
  select used + result.spent + held_elsewhere into result.used from public.quota_usage where account_id = p_account and month = this_month and feature = p_feature;
  free := p_limit - result.used;
  units := case when free > 0 then least(p_wanted, greatest(1, free / 8)) else 0 end;
  result.drawn := result.spent + (units + 3) / 4;
  result.resets_at := (this_month + interval '1 month') at time zone 'UTC';
  result.expires_at := clock_timestamp() + interval '30 seconds';

  if units > 0 then
    insert into public.quota_leases as l (id, account_id, month, feature, spent, drawn, held, expires_at)
    values (p_lease, p_account, this_month, p_feature, result.spent, result.drawn, result.spent + units, result.expires_at)
    on conflict (id) do update set spent = excluded.spent, drawn = excluded.drawn, held = excluded.held, expires_at = excluded.expires_at;
  else
    delete from public.quota_leases where id = p_lease;
    update public.quota_usage set used = used + result.spent, wanted_at = case when result.elsewhere > 0 then clock_timestamp() end
     where account_id = p_account and month = this_month and feature = p_feature;
  end if;
  return result;
end $$;

-- The signature from before migration 9, for servers of that version that run beside this one.
create or replace function public.take_quota(p_account uuid, p_lease uuid, p_limit bigint, p_spent bigint, p_wanted bigint) returns public.quota_grant
language sql set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  select public.take_quota(p_account, 'api_access', p_lease, p_limit, p_spent, p_wanted)
$$;

-- Ends leases: what they spent counts as used, the rest is free. A missing lease was counted before.
create or replace function public.return_quotas(p_leases uuid[], p_spent bigint[]) returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
begin
  -- Locks the usage rows first, in the same order as take_quota.
  perform 1 from public.quota_usage u where (u.account_id, u.month, u.feature) in (select account_id, month, feature from public.quota_leases where id = any (p_leases))
    order by u.account_id, u.month, u.feature for update;
  with ended as (
    delete from public.quota_leases l using unnest(p_leases, p_spent) v (id, spent) where l.id = v.id
    returning l.account_id, l.month, l.feature, least(v.spent, l.drawn) as spent)
  update public.quota_usage u set used = u.used + e.spent
    from (select account_id, month, feature, sum(spent) as spent from ended group by 1, 2, 3) e
   where u.account_id = e.account_id and u.month = e.month and u.feature = e.feature;
end $$;
