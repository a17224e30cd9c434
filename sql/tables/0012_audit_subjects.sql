-- An audit row has two sides: from where somebody acted (audit_personal), and what of whom was changed (audit_subjects). Each
-- goes with the erasure of the person whose it is, and the row still verifies: it covers a salted hash of each. From where
-- somebody acted on others goes with nobody: its account_id is null.

create table public.audit_subjects (
  audit_id   uuid primary key references public.audit_logs (id) on delete cascade,
  account_id uuid, -- whose values these are; null: nobody's, as those of a role
  salt       bytea not null,
  data       json not null -- before, after
);
create index audit_subjects_account on public.audit_subjects (account_id);

-- Null: nothing was changed; in rows from before this, audit_personal holds both sides.
alter table public.audit_logs add column subject_hash bytea check (length(subject_hash) = 32);
alter table public.audit_archive add column subject_hash bytea check (length(subject_hash) = 32);

-- The personal side of the trail that goes with these people. In rows from before this, the side of acts on what is nobody's
-- (a role, a plan, a search) names its actor, and stays all the same.
create function public.erase_traces(p_accounts uuid[]) returns void language sql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
  delete from public.audit_subjects where account_id = any (p_accounts);
  delete from public.audit_personal p using public.audit_logs l
   where p.account_id = any (p_accounts) and l.id = p.audit_id and l.entity_type in ('account', 'session', 'api_key')
$$;

-- What requests and counters under way wrote about somebody while they were erased.
create function public.sweep_erased() returns void language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  erased uuid[] := array(select id from public.user_accounts where status = 'deleted' and deleted_at > clock_timestamp() - interval '30 days');
begin
  delete from public.login_attempts where account_id = any (erased);
  delete from public.quota_usage where account_id = any (erased);
  delete from public.usage_daily where account_id = any (erased);
  delete from public.idempotency_keys where account_id = any (erased);
  perform public.erase_traces(erased);
end $$;

-- As before; counted use is forgotten after 400 days, a report's longest stretch and a month.
create or replace function public.purge_expired() returns jsonb language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp();
  gone_sessions bigint; gone_lockouts bigint; gone_attempts bigint; gone_changes bigint; gone_keys bigint; gone_months bigint; gone_traces bigint; gone_months_of_traces bigint;
  gone_days bigint;
begin
  delete from public.sessions where expires_at < this_moment - interval '1 day' or ended_at < this_moment - interval '1 day';
  get diagnostics gone_sessions = row_count;
  delete from public.lockouts
   where updated_at < this_moment - interval '25 hours' and (locked_until is null or locked_until < this_moment - interval '24 hours')
     and (failures_in_a_row = 0 or last_failure_at < this_moment - interval '30 days');
  get diagnostics gone_lockouts = row_count;
  delete from public.login_attempts where at < this_moment - interval '90 days';
  get diagnostics gone_attempts = row_count;
  delete from public.authz_changes where at < this_moment - interval '1 day';
  get diagnostics gone_changes = row_count;
  delete from public.idempotency_keys where created_at < this_moment - interval '24 hours';
  get diagnostics gone_keys = row_count;
  -- Dead ones count as much as they had drawn.
  perform public.return_quotas(array_agg(id), array_agg(drawn)) from public.quota_leases where expires_at < this_moment - interval '1 hour';
  delete from public.quota_usage where month < (this_moment at time zone 'UTC' - interval '1 year')::date;
  get diagnostics gone_months = row_count;
  delete from public.erased_trials where kept_until <= (this_moment at time zone 'UTC')::date;
  get diagnostics gone_traces = row_count;
  delete from public.erased_quotas where month < date_trunc('month', this_moment at time zone 'UTC')::date;
  get diagnostics gone_months_of_traces = row_count;
  delete from public.usage_daily where day < (this_moment at time zone 'UTC')::date - 400;
  get diagnostics gone_days = row_count;
  perform public.sweep_erased();
  return jsonb_build_object('sessions', gone_sessions, 'lockouts', gone_lockouts, 'loginAttempts', gone_attempts,
                            'authzChanges', gone_changes, 'idempotencyKeys', gone_keys, 'quotaMonths', gone_months, 'erasedTraces', gone_traces + gone_months_of_traces,
                            'usageDays', gone_days);
end $$;
create index usage_daily_day on public.usage_daily (day);

-- As before; but an account that is being erased is waited for, and has none after it.
create or replace function public.take_quota(p_account uuid, p_feature text, p_lease uuid, p_limit bigint, p_spent bigint, p_wanted bigint)
returns public.quota_grant language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_month date := date_trunc('month', clock_timestamp() at time zone 'UTC');
  held_elsewhere bigint; free bigint; units bigint; result public.quota_grant;
begin
  insert into public.quota_usage (account_id, month, feature)
  select id, this_month, p_feature from public.user_accounts where id = p_account and status <> 'deleted' for key share on conflict do nothing;
  -- Leases of this account are given under this lock alone, and each statement after it sees what its last holder committed.
  perform 1 from public.quota_usage where account_id = p_account and month = this_month and feature = p_feature for update;
  if not found then return null; end if;

  -- What died may have spent whatever it had drawn; the rest comes back.
  with dead as (
    delete from public.quota_leases where account_id = p_account and month = this_month and feature = p_feature
        and id <> p_lease and expires_at <= clock_timestamp() returning drawn)
  update public.quota_usage set used = used + (select sum(drawn) from dead)
   where account_id = p_account and month = this_month and feature = p_feature and exists (select from dead);
  -- The lease itself may be of the month before.
  with ended as (delete from public.quota_leases where id = p_lease and month < this_month returning account_id, month, feature, drawn)
  update public.quota_usage u set used = u.used + least(p_spent, ended.drawn) from ended where u.account_id = ended.account_id and u.month = ended.month and u.feature = ended.feature;

  -- A lease that is not there was counted by whoever found it dead.
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
