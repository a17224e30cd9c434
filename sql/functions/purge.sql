-- Deletes what nobody can use any more, each kind after its retention (docs/operations.md). Returns how many rows of each kind.
create or replace function public.purge_expired() returns jsonb language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp();
  gone_sessions bigint; gone_lockouts bigint; gone_attempts bigint; gone_changes bigint; gone_keys bigint; gone_months bigint; gone_traces bigint; gone_months_of_traces bigint;
  gone_days bigint; gone_links bigint; gone_mails bigint;
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
  delete from public.account_links where expires_at <= this_moment;
  get diagnostics gone_links = row_count;
  delete from public.discarded_requests where created_at < this_moment - interval '1 hour';
  perform public.sweep_erased();
  gone_mails := public.purge_mails();
  return jsonb_build_object('sessions', gone_sessions, 'lockouts', gone_lockouts, 'loginAttempts', gone_attempts,
                            'authzChanges', gone_changes, 'idempotencyKeys', gone_keys, 'quotaMonths', gone_months, 'erasedTraces', gone_traces + gone_months_of_traces,
                            'usageDays', gone_days, 'accountLinks', gone_links, 'mails', gone_mails);
end $$;

-- With the owner's rights: the server's role is granted it by name.
revoke execute on function public.purge_expired() from public;
