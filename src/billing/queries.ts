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

/** The part of a subscription that is paid through a provider. */
export type Paid = {
  providerSubscriptionId: string
  priceId: string
  pendingPriceId: string | null
  /** The end of the paid period, or of the trial; rights end at `currentPeriodEnd`, which includes the grace period. */
  paidUntil: Date
}

/** The subscription that an account has now. */
export type CurrentSubscription = Subscription & {
  /** Whether it is a trial: neither paid nor granted; also while cancelled. */
  isTrial: boolean
  /** Null: not paid through a provider. */
  paid: Paid | null
  /** The plan that takes effect at the period's end; null: no change is scheduled. */
  pendingPlan: string | null
}

const columns = (sql: Db) =>
  sql`s.id, s.account_id, s.plan, s.status, s.billing_interval as interval, s.provider, s.started_at, s.current_period_end`

type Row = Omit<CurrentSubscription, 'paid'> & { [K in keyof Paid]: Paid[K] | null } & { lapsed: boolean }

/** The current subscription by the database's clock: free from its end on, even before a job has stored that. */
export async function findSubscription(sql: Db, accountId: string): Promise<CurrentSubscription | null> {
  const [row] = await sql<Row[]>`
    select ${columns(sql)}, s.trial and s.provider_subscription_id is null as is_trial, s.provider_subscription_id, s.price_id, s.pending_price_id,
           s.paid_until, p.plan as pending_plan, coalesce(s.current_period_end <= clock_timestamp(), false) as lapsed
      from user_subscriptions s left join plan_prices p on p.id = s.pending_price_id
     where s.account_id = ${accountId} and s.ended_at is null`
  if (!row) return null
  const { lapsed, providerSubscriptionId, priceId, pendingPriceId, paidUntil, ...subscription } = row
  const paid =
    providerSubscriptionId !== null && priceId !== null && paidUntil !== null
      ? { providerSubscriptionId, priceId, pendingPriceId, paidUntil }
      : null
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
        paid: null,
        pendingPlan: null,
      }
    : { ...subscription, paid }
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
  /** The part that is paid through a provider, and the provider's name. */
  paid?: Paid & { provider: string }
}

/**
 * Inserts the current subscription of an account, whose earlier one has ended. The caller has locked the account's row.
 */
export async function insertSubscription(
  sql: Db,
  { accountId, plan, status, interval, endsAt, trialDays, grantedBy, reason, paid }: NewSubscription,
): Promise<void> {
  await sql`
    insert into user_subscriptions (id, account_id, plan, status, billing_interval, current_period_end, granted_by, reason,
                                    provider, provider_subscription_id, price_id, pending_price_id, paid_until)
    values (${Bun.randomUUIDv7()}, ${accountId}, ${plan}, ${status}, ${interval},
            ${trialDays === null ? sql`${endsAt}::timestamptz` : sql`clock_timestamp() + make_interval(hours => 24 * ${trialDays}::int)`}, ${grantedBy}, ${reason},
            ${paid?.provider ?? 'manual'}, ${paid?.providerSubscriptionId ?? null}, ${paid?.priceId ?? null}, ${paid?.pendingPriceId ?? null}, ${paid?.paidUntil ?? null})`
}

/** Stores the provider's current state of a subscription. */
export async function updatePaid(
  sql: Db,
  subscriptionId: string,
  {
    status,
    endsAt,
    paidUntil,
    pendingPriceId,
  }: { status: Status; endsAt: Date } & Pick<Paid, 'paidUntil' | 'pendingPriceId'>,
): Promise<void> {
  await sql`
    update user_subscriptions
       set status = ${status}, current_period_end = ${endsAt}, paid_until = ${paidUntil}, pending_price_id = ${pendingPriceId}
     where id = ${subscriptionId} and ended_at is null`
}

/** Records a trial. @returns false when this account has had a trial of this plan before */
export async function insertTrial(sql: Db, accountId: string, plan: string): Promise<boolean> {
  const rows =
    await sql`insert into trials (account_id, plan) values (${accountId}, ${plan}) on conflict do nothing returning 1`
  return rows.length === 1
}

/** Whether the account has ever had the trial of this plan. */
export async function hadTrial(sql: Db, accountId: string, plan: string): Promise<boolean> {
  const rows = await sql`select 1 from trials where account_id = ${accountId} and plan = ${plan}`
  return rows.length === 1
}

/** Sets the status of a subscription. The caller has locked the account's row. */
export async function updateStatus(sql: Db, subscriptionId: string, status: Status): Promise<void> {
  await sql`update user_subscriptions set status = ${status} where id = ${subscriptionId}`
}

/** Gives a `user` or `subscriber` the role that goes with a plan; other roles stay. */
export async function followPlan(sql: Db, accountId: string, plan: string): Promise<void> {
  const { role, instead } = roleOnPlan(plan)
  await sql`update user_accounts set role = ${role} where id = ${accountId} and role = ${instead}`
}

/** Removes the plan from an invitation that was not accepted yet, because a grant replaces it. */
export async function withdrawInvitedPlan(sql: Db, accountId: string): Promise<void> {
  await sql`update invitations set plan = null where account_id = ${accountId}`
}

/** The e-mail address for a provider's customer; null: the account was erased. */
export async function findContact(sql: Db, accountId: string): Promise<string | null> {
  const [row] = await sql<{ email: string | null }[]>`
    select email from user_accounts where id = ${accountId} and status <> 'deleted'`
  return row?.email ?? null
}

/** Whether another account pays for this one, as for a member of a team. The caller has locked its row. */
export async function isPaidFor(sql: Db, accountId: string): Promise<boolean> {
  const rows = await sql`select 1 from user_accounts where id = ${accountId} and payer_id is not null`
  return rows.length === 1
}

/** Whether an account was erased; true also where it does not exist. */
export async function isErased(sql: Db, accountId: string): Promise<boolean> {
  const rows = await sql`select 1 from user_accounts where id = ${accountId} and status <> 'deleted'`
  return rows.length === 0
}

/** Whether a moment lies ahead, by the database's clock. */
export async function isAhead(sql: Db, moment: Date): Promise<boolean> {
  const [row] = await sql<{ ahead: boolean }[]>`select ${moment}::timestamptz > clock_timestamp() as ahead`
  return row?.ahead ?? false
}
