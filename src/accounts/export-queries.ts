import type { Db } from '../db.ts'

/** The parts of an export: one for each table that refers to a person. */
export type Export = Record<(typeof parts)[number], Record<string, unknown>[]>

const parts = [
  'account',
  'sessions',
  'apiKeys',
  'loginAttempts',
  'subscriptions',
  'featureOverrides',
  'trials',
  'idempotencyKeys',
  'usage',
  'apiQuota',
  'auditTrail',
] as const

/** Everything that is kept about a person, in one snapshot; no hash, counter or secret. */
export async function findExport(sql: Db, accountId: string): Promise<Export> {
  const [row] = await sql<Export[]>`
    select
      (select coalesce(json_agg(x), '[]') from (
        select id, email, email_verified_at as "emailVerifiedAt", first_name as "firstName", last_name as "lastName", phone_number as "phoneNumber",
               language, timezone, role, status, locked_reason as "lockedReason", created_at as "createdAt", updated_at as "updatedAt", last_login_at as "lastLoginAt"
          from user_accounts where id = ${accountId}) x) as account,
      (select coalesce(json_agg(x), '[]') from (
        select id, created_at as "createdAt", last_used_at as "lastUsedAt", expires_at as "expiresAt", ip_address as "ipAddress", user_agent as "userAgent",
               ended_at as "endedAt", end_reason as "endReason"
          from sessions where account_id = ${accountId} order by id) x) as sessions,
      (select coalesce(json_agg(x), '[]') from (
        select id, name, prefix, permissions, ip_ranges as "ipRanges", expires_at as "expiresAt", created_at as "createdAt", last_used_at as "lastUsedAt"
          from api_keys where account_id = ${accountId} order by id) x) as api_keys,
      (select coalesce(json_agg(x), '[]') from (
        select id, at, outcome, ip_address as "ipAddress" from login_attempts where account_id = ${accountId} order by at) x) as login_attempts,
      (select coalesce(json_agg(x), '[]') from (
        select id, plan, case when ended_at is null and current_period_end <= statement_timestamp() then 'expired' else status end as status, billing_interval as "interval", provider, started_at as "startedAt", current_period_end as "currentPeriodEnd",
               reason, ended_at as "endedAt"
          from user_subscriptions where account_id = ${accountId} order by started_at) x) as subscriptions,
      (select coalesce(json_agg(x), '[]') from (
        select feature, granted, limit_value as "limit", expires_at as "expiresAt", reason, created_at as "createdAt"
          from account_features where account_id = ${accountId} order by feature) x) as feature_overrides,
      (select coalesce(json_agg(x), '[]') from (
        select plan, started_at as "startedAt" from trials where account_id = ${accountId} order by started_at) x) as trials,
      (select coalesce(json_agg(x), '[]') from (
        select method, path, key, status, created_at as "createdAt" from idempotency_keys
         where account_id = ${accountId} order by created_at) x) as idempotency_keys,
      (select coalesce(json_agg(x), '[]') from (
        select day, route, requests from usage_daily where account_id = ${accountId} order by day, route) x) as usage,
      (select coalesce(json_agg(x), '[]') from (
        select u.month, u.feature, u.used + coalesce(sum(l.spent), 0) as used
          from quota_usage u left join quota_leases l using (account_id, month, feature)
         where account_id = ${accountId} group by u.account_id, u.month, u.feature order by u.month, u.feature) x) as api_quota,
      (select coalesce(json_agg(x), '[]') from (
        select l.id, l.at, l.action, l.entity_type as "entityType", l.entity_id as "entityId", l.details,
               (coalesce(case when coalesce(l.actor_id, ${accountId}) = ${accountId} then p.data::jsonb else p.data::jsonb - '{ip,userAgent}'::text[] end, '{}')
                 || coalesce(s.data::jsonb, '{}')) as personal
          from audit_logs l left join audit_personal p on p.audit_id = l.id
               and (p.account_id = ${accountId} or (p.account_id is null and l.actor_id = ${accountId}))
               left join audit_subjects s on s.audit_id = l.id and s.account_id = ${accountId}
         where l.actor_id = ${accountId} or (l.entity_type = 'account' and l.entity_id = ${accountId}::text) order by l.id) x) as audit_trail`
  if (!row) throw new Error('an export is always one row')
  return row
}
