import { hasLapsedSubscription, statusInForce } from '../../access/lapse.ts'
import type { Status } from '../../billing/lifecycle.ts'
import type { Subscription } from '../../billing/queries.ts'
import type { Db } from '../../db/types.ts'

/** Subscriptions with their status by the clock, newest first. */
export async function listSubscriptions(
  sql: Db,
  { plan, status }: { plan?: string; status?: Status },
  limit: number,
  before: string | null,
): Promise<Subscription[]> {
  const pages = inStatus(sql, status).map(
    (found) => sql`
      (select s.id, s.account_id, s.plan, ${sql.unsafe(statusInForce('s'))} as status,
              s.billing_interval as interval, s.provider, s.started_at, coalesce(s.paid_until, s.current_period_end) as current_period_end
         from user_subscriptions s ${found} ${plan ? sql`and s.plan = ${plan}` : sql``} ${before ? sql`and s.id < ${before}::uuid` : sql``}
        order by s.id desc limit ${limit})`,
  )
  return sql<Subscription[]>`
    select id, account_id, plan, status, interval, provider, started_at, current_period_end
      from (${pages.reduce((all, page) => sql`${all} union all ${page}`)}) found order by id desc limit ${limit}`
}

/** Conditions for a status in force: stored, or reached since by the clock. */
function inStatus(sql: Db, status: Status | undefined) {
  if (!status) return [sql`where true`]
  const hasLapsed = sql.unsafe(hasLapsedSubscription('s'))
  const stored = sql`where s.status = ${status}`
  if (status !== 'expired') return [sql`${stored} and not (${hasLapsed})`]
  // Through user_accounts: its index on plan_ends_at gives the planner the right estimate.
  const lapsed = sql`join user_accounts a on a.id = s.account_id where a.plan_ends_at <= statement_timestamp() and ${hasLapsed}`
  return [stored, lapsed]
}

type OverrideRow = {
  feature: string
  granted: boolean
  limit: number | null
  expiresAt: Date | null
  reason: string
  createdAt: Date
}

/** Writes an override of an account, in place of the one before. */
export async function upsertOverride(
  sql: Db,
  accountId: string,
  { feature, granted, limit, expiresAt, reason }: Omit<OverrideRow, 'createdAt'>,
  createdBy: string,
): Promise<OverrideRow> {
  const [row] = await sql<OverrideRow[]>`
    insert into account_features (account_id, feature, granted, limit_value, expires_at, reason, created_by)
    values (${accountId}, ${feature}, ${granted}, ${limit}, ${expiresAt}, ${reason}, ${createdBy})
    on conflict (account_id, feature) do update set granted = excluded.granted, limit_value = excluded.limit_value, expires_at = excluded.expires_at,
      reason = excluded.reason, created_by = excluded.created_by, created_at = clock_timestamp()
    returning feature, granted, limit_value::float8 as limit, expires_at, reason, created_at`
  if (!row) throw new Error('an upsert returns its row')
  return row
}

/** Deletes an override in force. @returns whether there was one */
export async function deleteOverride(sql: Db, accountId: string, feature: string): Promise<boolean> {
  const rows = await sql`
    delete from account_features where account_id = ${accountId} and feature = ${feature}
    returning coalesce(expires_at > clock_timestamp(), true) as live`
  return rows[0]?.live === true
}
