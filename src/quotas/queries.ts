import type { Db } from '../db/types.ts'

/** A granted lease, counted from its beginning. */
export type Grant = {
  spent: number
  /** The units that the instance may consume; equal to `spent` when none is free. */
  usable: number
  /** Units used this month by all instances, including those that other instances hold. */
  used: number
  /** Units that other instances hold and may return. */
  heldByOthers: number
  resetsAt: Date
  expiresAt: Date
}

type Request = Quota & { leaseId: string; limit: number; spent: number; requested: number }

/** Reports and renews a lease in one guarded statement, which may be repeated. Null where there is no such account. */
export async function takeQuota(sql: Db, request: Request): Promise<Grant | null> {
  const { accountId, feature, leaseId, limit, spent, requested } = request
  const [row] = await sql<(Grant | Record<keyof Grant, null>)[]>`
    select spent::float8, drawn::float8 as usable, used::float8, elsewhere::float8 as held_by_others, resets_at, expires_at
      from take_quota(${accountId}, ${feature}, ${leaseId}, ${limit}, ${spent}, ${requested})`
  return row && row.spent !== null ? row : null
}

export type Report = { leaseId: string; spent: number }

/**
 * Reports the spent units of each lease, and renews it. A missing lease had expired and was ended by another instance.
 */
export async function reportQuotas(sql: Db, reported: Report[]): Promise<{ id: string; expiresAt: Date }[]> {
  return sql<{ id: string; expiresAt: Date }[]>`
    update quota_leases l set spent = least(v.spent, l.drawn), expires_at = clock_timestamp() + interval '30 seconds'
      from unnest(${reported.map(({ leaseId }) => leaseId)}::uuid[], ${reported.map(({ spent }) => spent)}::bigint[]) v (id, spent)
     where l.id = v.id
    returning l.id, l.expires_at`
}

/** Ends leases and frees their unused units. May be repeated. */
export async function returnQuotas(sql: Db, reported: Report[]): Promise<void> {
  await sql`select return_quotas(${reported.map(({ leaseId }) => leaseId)}::uuid[], ${reported.map(({ spent }) => spent)}::bigint[])`
}

/** Quotas of which an instance found no unit free within the last 5 s. */
export async function listContended(sql: Db): Promise<Quota[]> {
  return sql<Quota[]>`
    select account_id, feature from quota_usage where wanted_at > clock_timestamp() - interval '5 seconds'`
}

/** Counts the use of quotas without a limit. Waits for concurrent erasures; erased accounts are left out. */
export async function addQuotaUsage(sql: Db, counted: (Quota & { spent: number })[]): Promise<void> {
  await sql`
    insert into quota_usage as u (account_id, month, feature, used)
    select a.id, date_trunc('month', clock_timestamp() at time zone 'UTC'), v.feature, v.spent
      from unnest(${counted.map(({ accountId }) => accountId)}::uuid[], ${counted.map(({ feature }) => feature)}::text[],
                  ${counted.map(({ spent }) => spent)}::bigint[]) v (account_id, feature, spent)
      join user_accounts a on a.id = v.account_id and a.status <> 'deleted'
     order by a.id, v.feature for key share of a
    on conflict (account_id, month, feature) do update set used = u.used + excluded.used`
}

/** The use of a quota, and the limit that an administrator set for its account; null: none. */
type QuotaUsage = Quota & { used: number; ownLimit: number | null; resetsAt: Date }

/** The use of quotas this month (UTC), in their order, without one lease of each. Expired leases count in full. */
export async function findQuotaUsage(
  sql: Db,
  quotas: readonly (Quota & { exceptLease: string | null })[],
): Promise<QuotaUsage[]> {
  return sql<QuotaUsage[]>`
    select q.account_id, q.feature, (m.month + interval '1 month') at time zone 'UTC' as resets_at,
           (select o.limit_value from ${ownLimits(sql)} where o.account_id = q.account_id and o.feature = q.feature)::float8 as own_limit,
           coalesce((select used from quota_usage u
                      where u.account_id = q.account_id and u.month = m.month and u.feature = q.feature), 0)::float8
         + coalesce((select sum(case when expires_at > clock_timestamp() then spent else drawn end)
                       from quota_leases l
                      where l.account_id = q.account_id and l.month = m.month and l.feature = q.feature
                         and l.id is distinct from q.except_lease), 0)::float8 as used
      from (select date_trunc('month', clock_timestamp() at time zone 'UTC')::date as month) m,
           unnest(${quotas.map(({ accountId }) => accountId)}::uuid[], ${quotas.map(({ feature }) => feature)}::text[],
             ${quotas.map(({ exceptLease }) => exceptLease)}::uuid[]) with ordinality q (account_id, feature, except_lease, position)
     order by q.position`
}

/** `version`: the account's authorisation version when the limit was read. */
export type OwnLimit = { limit: number | null; expiresAt: Date | null; version: number }

/** The limit that an administrator set for an account (`limit` null: none); null where there is no such account. */
export async function findOwnLimit(sql: Db, { accountId, feature }: Quota): Promise<OwnLimit | null> {
  const [row] = await sql<OwnLimit[]>`
    select o.limit_value::float8 as "limit", o.expires_at, a.authz_version::float8 as version
      from user_accounts a left join ${ownLimits(sql)} on o.account_id = a.id and o.feature = ${feature}
     where a.id = ${accountId} and a.status <> 'deleted'`
  return row ?? null
}

/** Limits in force that administrators set for single accounts, as `o`. */
const ownLimits = (sql: Db) => sql`
  (select account_id, feature, limit_value, expires_at from account_features
    where granted and limit_value is not null and coalesce(expires_at > clock_timestamp(), true)) o`

/** A quota: the account that pays, and the feature; `api_access` for requests with API keys. */
export type Quota = { accountId: string; feature: string }
