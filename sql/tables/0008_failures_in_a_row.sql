-- Failures of a counter without a success between them, whatever their pace: forgotten after 30 days without one. Who tries
-- four passwords each quarter of an hour starts no lockout of five in a quarter, but the hundredth failure starts one.
alter table public.lockouts add column failures_in_a_row integer not null default 0;

-- A lockout of an address lasts an hour at most now, those that run too. A device's has no end.
update public.lockouts set locked_until = clock_timestamp() + interval '1 hour'
 where locked_until > clock_timestamp() + interval '1 hour' and locked_until < timestamptz '9999-12-31 00:00:00+00' - interval '1 day';

-- As before, but a counter with failures in a row is kept as long as they count.
create or replace function public.purge_expired() returns jsonb language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp();
  gone_sessions bigint; gone_lockouts bigint; gone_attempts bigint; gone_changes bigint; gone_keys bigint; gone_months bigint;
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
  -- What requests under way wrote about somebody while they were erased.
  delete from public.login_attempts where account_id in (select id from public.user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  delete from public.audit_personal where account_id in (select id from public.user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  delete from public.quota_usage where account_id in (select id from public.user_accounts where status = 'deleted' and deleted_at > this_moment - interval '3 days');
  return jsonb_build_object('sessions', gone_sessions, 'lockouts', gone_lockouts, 'loginAttempts', gone_attempts,
                            'authzChanges', gone_changes, 'idempotencyKeys', gone_keys, 'quotaMonths', gone_months);
end $$;
