import type { Db } from '../db/types.ts'

/** A granted lease, in counts from its beginning. */
export type Grant = {
  spent: number
  /** The units that the instance may consume without asking; equal to `spent`: nothing is free. */
  usable: number
  /** Used this month by all instances; what others hold counts. */
  used: number
  /** Units that other instances hold and may give back. */
  heldByOthers: number
  resetsAt: Date
  expiresAt: Date
}

type Request = Quota & { leaseId: string; limit: number; spent: number; wanted: number }

/** Flushes and renews a lease in one guarded statement, which may be repeated. Null when there is no such account. */
export async function takeQuota(sql: Db, request: Request): Promise<Grant | null> {
  const { accountId, feature, leaseId, limit, spent, wanted } = request
  const [row] = await sql<(Grant | Record<keyof Grant, null>)[]>`
    select spent::float8, drawn::float8 as usable, used::float8, elsewhere::float8 as held_by_others, resets_at, expires_at
      from take_quota(${accountId}, ${feature}, ${leaseId}, ${limit}, ${spent}, ${wanted})`
  return row && row.spent !== null ? row : null
}

export type Report = { leaseId: string; spent: number }

/** Reports how much of each lease is spent, and renews it. A lease that is missing had expired and was ended by another instance. */
export async function reportQuotas(sql: Db, reported: Report[]): Promise<{ id: string; expiresAt: Date }[]> {
  return sql<{ id: string; expiresAt: Date }[]>`
    update quota_leases l set spent = least(v.spent, l.drawn), expires_at = clock_timestamp() + interval '30 seconds'
      from unnest(${reported.map(({ leaseId }) => leaseId)}::uuid[], ${reported.map(({ spent }) => spent)}::bigint[]) v (id, spent)
     where l.id = v.id
    returning l.id, l.expires_at`
}

/** Ends leases and frees what is left of them. May be repeated. */
export async function returnQuotas(sql: Db, reported: Report[]): Promise<void> {
  await sql`select return_quotas(${reported.map(({ leaseId }) => leaseId)}::uuid[], ${reported.map(({ spent }) => spent)}::bigint[])`
}

/** The quotas of which an instance found no unit free within 5 s. */
export async function listWanted(sql: Db): Promise<Quota[]> {
  return sql<Quota[]>`
    select account_id, feature from quota_usage where wanted_at > clock_timestamp() - interval '5 seconds'`
}

/** Counts the use of quotas without a limit; accounts that were erased meanwhile are left out. */
export async function addQuotaUsage(sql: Db, counted: (Quota & { spent: number })[]): Promise<void> {
  await sql`
    insert into quota_usage as u (account_id, month, feature, used)
    select a.id, date_trunc('month', clock_timestamp() at time zone 'UTC'), v.feature, v.spent
      from unnest(${counted.map(({ accountId }) => accountId)}::uuid[], ${counted.map(({ feature }) => feature)}::text[],
                  ${counted.map(({ spent }) => spent)}::bigint[]) v (account_id, feature, spent)
      join user_accounts a on a.id = v.account_id and a.status <> 'deleted'
     order by a.id, v.feature
    on conflict (account_id, month, feature) do update set used = u.used + excluded.used`
}

/** What is known to be used of each of `features` this month (UTC), in their order. Of leases that died, what they had drawn. */
export async function findQuotaUsage(
  sql: Db,
  accountId: string,
  features: readonly string[],
): Promise<{ feature: string; used: number; resetsAt: Date }[]> {
  return sql<{ feature: string; used: number; resetsAt: Date }[]>`
    select f.feature, (m.month + interval '1 month') at time zone 'UTC' as resets_at,
           coalesce((select used from quota_usage u
                      where u.account_id = ${accountId} and u.month = m.month and u.feature = f.feature), 0)::float8
         + coalesce((select sum(case when expires_at > clock_timestamp() then spent else drawn end)
                       from quota_leases l
                      where l.account_id = ${accountId} and l.month = m.month and l.feature = f.feature), 0)::float8 as used
      from (select date_trunc('month', clock_timestamp() at time zone 'UTC')::date as month) m,
           unnest(${[...features]}::text[]) with ordinality f (feature, position)
     order by f.position`
}

/** Whose quota of what: of API-key requests (`api_access`), or of a feature that has a monthly limit of its own. */
export type Quota = { accountId: string; feature: string }
