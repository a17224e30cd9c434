import { freePlan, roleOnPlan } from '../access/lapse.ts'
import type { Db } from '../db/types.ts'
import type { Status } from './lifecycle.ts'

export type Subscription = {
  id: string
  accountId: string
  plan: string
  status: Status
  interval: 'month' | 'year' | null
  provider: string
  startedAt: Date
  currentPeriodEnd: Date | null
}

/** The subscription that an account has now. */
export type CurrentSubscription = Subscription & {
  /** Neither paid for nor granted; also while cancelled. */
  isTrial: boolean
}

const columns = (sql: Db) =>
  sql`s.id, s.account_id, s.plan, s.status, s.billing_interval as interval, s.provider, s.started_at, s.current_period_end`

/** The current subscription by the clock: free from its end on, whether or not a job has written that down. */
export async function findSubscription(sql: Db, accountId: string): Promise<CurrentSubscription | null> {
  const [row] = await sql<(CurrentSubscription & { lapsed: boolean })[]>`
    select ${columns(sql)}, s.trial as is_trial, coalesce(s.current_period_end <= clock_timestamp(), false) as lapsed
      from user_subscriptions s where s.account_id = ${accountId} and s.ended_at is null`
  if (!row) return null
  const { lapsed, ...subscription } = row
  return lapsed
    ? {
        ...subscription,
        plan: freePlan,
        status: 'active',
        interval: null,
        provider: 'manual',
        startedAt: subscription.currentPeriodEnd ?? subscription.startedAt,
        currentPeriodEnd: null,
        isTrial: false,
      }
    : subscription
}

/** Ends the current subscription now. */
export async function endCurrent(sql: Db, accountId: string): Promise<void> {
  await sql`update user_subscriptions set status = 'expired', ended_at = clock_timestamp() where account_id = ${accountId} and ended_at is null`
}

type NewSubscription = {
  accountId: string
  plan: string
  status: Status
  interval: 'month' | 'year' | null
  endsAt: Date | null
  trialDays: number | null
  grantedBy: string | null
  reason: string | null
}

export async function insertSubscription(
  sql: Db,
  { accountId, plan, status, interval, endsAt, trialDays, grantedBy, reason }: NewSubscription,
): Promise<void> {
  await sql`
    insert into user_subscriptions (id, account_id, plan, status, billing_interval, current_period_end, granted_by, reason)
    values (${Bun.randomUUIDv7()}, ${accountId}, ${plan}, ${status}, ${interval},
            ${trialDays === null ? sql`${endsAt}::timestamptz` : sql`clock_timestamp() + make_interval(hours => 24 * ${trialDays}::int)`}, ${grantedBy}, ${reason})`
}

/** @returns false when this account has had a trial of this plan before */
export async function insertTrial(sql: Db, accountId: string, plan: string): Promise<boolean> {
  const rows =
    await sql`insert into trials (account_id, plan) values (${accountId}, ${plan}) on conflict do nothing returning 1`
  return rows.length === 1
}

export async function hadTrial(sql: Db, accountId: string, plan: string): Promise<boolean> {
  const rows = await sql`select 1 from trials where account_id = ${accountId} and plan = ${plan}`
  return rows.length === 1
}

export async function updateStatus(sql: Db, subscriptionId: string, status: Status): Promise<void> {
  await sql`update user_subscriptions set status = ${status} where id = ${subscriptionId}`
}

/** Gives a `user` or `subscriber` the role that goes with a plan; other roles stay. */
export async function followPlan(sql: Db, accountId: string, plan: string): Promise<void> {
  const { role, instead } = roleOnPlan(plan)
  await sql`update user_accounts set role = ${role} where id = ${accountId} and role = ${instead}`
}

/** What an invitation that nobody accepted yet would begin: a grant takes its place. */
export async function withdrawInvitedPlan(sql: Db, accountId: string): Promise<void> {
  await sql`update invitations set plan = null where account_id = ${accountId}`
}

/** Whether a moment lies ahead, by the database's clock. */
export async function isAhead(sql: Db, moment: Date): Promise<boolean> {
  const [row] = await sql<{ ahead: boolean }[]>`select ${moment}::timestamptz > clock_timestamp() as ahead`
  return row?.ahead ?? false
}
