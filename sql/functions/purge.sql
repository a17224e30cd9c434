-- Deletes sessions a day after their end, and counts of use by day after 400 days, of up to p_limit accounts. Stores the time of the last
-- use on the accounts' rows, which are locked in the order of their ids.
create or replace function public.forget_uses(p_limit integer, out accounts bigint, out session_rows bigint, out day_rows bigint) language plpgsql
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp();
  ended_before timestamptz := this_moment - interval '24 hours';
  first_day date := (this_moment at time zone 'UTC')::date - 400;
  due uuid[];
begin
  due := array(
    select d.account_id from (
      select s.account_id from public.sessions s where s.expires_at < ended_before or s.ended_at < ended_before
       union
      select u.account_id from public.usage_daily u where u.day < first_day) d limit p_limit);
  accounts := cardinality(due);
  perform 1 from public.user_accounts where id = any (due) order by id for no key update;
  with gone_sessions as (
    delete from public.sessions s where s.account_id = any (due) and (s.expires_at < ended_before or s.ended_at < ended_before)
    returning s.account_id, s.last_used_at as used_at),
  gone_days as (
    delete from public.usage_daily u where u.account_id = any (due) and u.day < first_day
    returning u.account_id, (u.day + 1)::timestamp at time zone 'UTC' as used_at),
  gone as (
    select account_id, used_at from gone_sessions union all select account_id, used_at from gone_days),
  used as (
    update public.user_accounts a set last_used_at = g.used_at
      from (select account_id, max(used_at) as used_at from gone group by account_id) g
     where a.id = g.account_id and a.status <> 'deleted' and g.used_at > greatest(a.created_at, a.last_login_at, a.last_used_at))
  select (select count(*) from gone_sessions), (select count(*) from gone_days) into session_rows, day_rows;
end $$;

-- Deletes expired rows, each kind after its retention (docs/operations.md). Returns how many rows of each kind.
create or replace function public.purge_expired() returns jsonb language plpgsql security definer
set search_path = pg_catalog, pg_temp set timezone = 'UTC' as $$
declare
  this_moment timestamptz := clock_timestamp();
  gone_sessions bigint; gone_lockouts bigint; gone_attempts bigint; gone_changes bigint; gone_keys bigint; gone_months bigint; gone_traces bigint; gone_months_of_traces bigint;
  gone_days bigint; gone_links bigint; gone_mails bigint; gone_billing bigint; gone_webhooks bigint; gone_denials bigint;
begin
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
  -- Of expired leases, all drawn units count as used.
  perform public.return_quotas(array_agg(id), array_agg(drawn)) from public.quota_leases where expires_at < this_moment - interval '1 hour';
  delete from public.quota_usage where month < (this_moment at time zone 'UTC' - interval '1 year')::date;
  get diagnostics gone_months = row_count;
  delete from public.erased_trials where kept_until <= (this_moment at time zone 'UTC')::date;
  get diagnostics gone_traces = row_count;
  delete from public.erased_quotas where month < date_trunc('month', this_moment at time zone 'UTC')::date;
  get diagnostics gone_months_of_traces = row_count;
  delete from public.account_links where expires_at <= this_moment;
  get diagnostics gone_links = row_count;
  delete from public.team_invitations where expires_at <= this_moment;
  delete from public.used_challenges where expires_at <= this_moment;
  delete from public.mfa_challenges where expires_at <= this_moment;
  delete from public.totp_factors where confirmed_at is null and created_at < this_moment - interval '1 hour';
  delete from public.discarded_requests where created_at < this_moment - interval '1 hour';
  delete from public.oidc_codes where expires_at <= this_moment;
  delete from public.oidc_spent_states where expires_at <= this_moment;
  perform public.sweep_erased();
  gone_mails := public.purge_mails();
  gone_billing := public.purge_billing();
  gone_webhooks := public.purge_webhooks();
  delete from public.feature_denials where day < (this_moment at time zone 'UTC')::date - 400;
  get diagnostics gone_denials = row_count;
  -- Last, because it locks accounts. Bounded, because the job forget-uses does the same every hour.
  select f.session_rows, f.day_rows into gone_sessions, gone_days from public.forget_uses(10000) f;
  return jsonb_build_object('sessions', gone_sessions, 'lockouts', gone_lockouts, 'loginAttempts', gone_attempts,
                            'authzChanges', gone_changes, 'idempotencyKeys', gone_keys, 'quotaMonths', gone_months, 'erasedTraces', gone_traces + gone_months_of_traces,
                            'usageDays', gone_days, 'accountLinks', gone_links, 'mails', gone_mails, 'billing', gone_billing, 'webhooks', gone_webhooks,
                            'denials', gone_denials);
end $$;

-- With the owner's rights: the server's role is granted it by name.
revoke execute on function public.purge_expired() from public;
