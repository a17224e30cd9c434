-- What an erased account had used up stays behind under a keyed hash of its address, so that erasing oneself and registering
-- again gains nothing. Nothing here tells when to the day: it would lead from a hash to a line of the audit trail.

create table public.erased_trials (
  address_hash bytea not null check (length(address_hash) = 32), -- HMAC of the canonical address; the key is in no table
  plan         public.slug not null references public.subscription_plans (name),
  kept_until   date not null check (extract(day from kept_until) = 1), -- three years after the month of the erasure
  primary key (address_hash, plan)
);
create index erased_trials_kept_until on public.erased_trials (kept_until);

create table public.erased_quotas (
  address_hash bytea not null check (length(address_hash) = 32),
  month        date not null check (extract(day from month) = 1), -- of UTC; kept until it is over
  feature      public.slug not null references public.features (name),
  used         bigint not null check (used > 0),
  primary key (address_hash, month, feature)
);
create index erased_quotas_month on public.erased_quotas (month);

-- A trial of before the account existed has no moment here.
alter table public.trials alter column started_at drop not null;

-- As before, and what was kept of erased accounts for as long as it had to be.
create or replace function public.purge_expired() returns jsonb language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp();
  gone_sessions bigint; gone_lockouts bigint; gone_attempts bigint; gone_changes bigint; gone_keys bigint; gone_months bigint; gone_traces bigint; gone_months_of_traces bigint;
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
  -- What requests under way wrote about somebody while they were erased.
  delete from public.login_attempts where account_id in (select id from public.user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  delete from public.audit_personal where account_id in (select id from public.user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  delete from public.quota_usage where account_id in (select id from public.user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  return jsonb_build_object('sessions', gone_sessions, 'lockouts', gone_lockouts, 'loginAttempts', gone_attempts,
                            'authzChanges', gone_changes, 'idempotencyKeys', gone_keys, 'quotaMonths', gone_months, 'erasedTraces', gone_traces + gone_months_of_traces);
end $$;
