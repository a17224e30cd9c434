import type { Actor } from '../access/actor.ts'
import { lockPlan } from '../access/hierarchy.ts'
import { freePlan } from '../access/lapse.ts'
import type { Principal } from '../access/principal.ts'
import { account } from '../audit/actor.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Db, Tx } from '../db/types.ts'
import { AppError, type ProblemCode } from '../errors/app-error.ts'
import type { SubscriptionChange } from '../mail/templates/notice-data.ts'
import type { PriceChoice } from './choose-price.ts'
import type { BillingDeps } from './deps.ts'
import { countPayments } from './figure-queries.ts'
import { next } from './lifecycle.ts'
import {
  type CurrentSubscription,
  endCurrent,
  findSubscription,
  followPlan,
  insertSubscription,
  insertTrial,
  isPaidFor,
  updateStatus,
} from './queries.ts'
import {
  resumeInstead,
  type StoredIntent,
  storeChangeIntent,
  storeCheckoutIntent,
  storeEndIntent,
} from './store-intent.ts'
import { mayTry, requirePlan, requireSubscription, toView } from './views.ts'

export type SubscriptionView = ReturnType<typeof toView>

/**
 * The person's current subscription, by the database's clock.
 * @param sql the transaction of a change, so that the answer is read before the commit
 */
export async function readSubscription(
  deps: BillingDeps,
  { accountId }: Principal,
  sql: Db = deps.sql,
): Promise<SubscriptionView> {
  return toView(deps, await requireSubscription(findSubscription(sql, accountId)))
}

const leaveFirst = 'The team pays for you. Leave it first: then a plan of your own can begin.'

type NewSubscription = PriceChoice & { returnTo?: string }

/**
 * Starts a trial (once per account and plan), requests a checkout or a change of the paid subscription, or cancels for the free plan.
 * @throws AppError `validation-failed` for an unknown plan, `already-subscribed`, `checkout-unavailable`, `currency-mismatch`,
 *   `not-supported-by-provider`
 */
export async function subscribe(
  deps: BillingDeps,
  actor: Actor,
  choice: NewSubscription,
): Promise<SubscriptionView | StoredIntent> {
  const plan = requirePlan(deps, choice.plan)
  if (plan.name === freePlan) return cancel(deps, actor, 'already-subscribed')
  const { accountId } = actor.principal
  const { interval } = choice
  const outcome = await deps.sql.begin(async (tx) => {
    const current = await openForChange(tx, accountId)
    if (await isPaidFor(tx, accountId)) throw new AppError('already-subscribed', { detail: leaveFirst })
    const { paid } = current
    if (paid) return storeChangeIntent(tx, deps, actor, { plan, choice, current, paid })
    const isSame = current.plan === plan.name
    const isGranted = current.plan !== freePlan && !current.isTrial
    if (isGranted && isSame && current.status !== 'cancelled') throw new AppError('already-subscribed')
    if (isGranted) throw new AppError('checkout-unavailable', isSame ? { detail: resumeInstead } : {})
    const isTried = isSame || !mayTry(plan, current) || !(await insertTrial(tx, accountId, plan.name))
    if (isTried) {
      const values = { plan, choice, current, refusal: refusalOf(current, isSame) }
      // storeCheckoutIntent refuses before it writes. Returned, not thrown, so that the settled state of a lapsed plan is committed.
      return storeCheckoutIntent(tx, deps, actor, values).catch(returnRefusal)
    }
    await replace(tx, {
      accountId,
      plan: plan.name,
      status: 'trialing',
      interval,
      endsAt: null,
      trialDays: plan.trialDays,
      grantedBy: null,
      reason: null,
    })
    await recordAuthzChange(tx, { accountId })
    await countPayments(tx, accountId)
    const details = { plan: plan.name, from: current.plan }
    await deps.audit.record(tx, actor, 'subscription.start_trial', account(accountId), { details })
    return notifyOfChange(tx, deps, accountId, 'trial-begun')
  })
  if (outcome instanceof AppError) throw outcome
  return outcome
}

function returnRefusal(error: unknown): AppError {
  if (error instanceof AppError) return error
  throw error
}

/** The problem to answer where nothing can be bought. */
function refusalOf({ status }: CurrentSubscription, isSame: boolean): { code: ProblemCode; detail?: string } {
  if (isSame && status !== 'cancelled') return { code: 'already-subscribed' }
  // The trial is still in force and cannot be started again; its cancellation can be withdrawn.
  return { code: 'checkout-unavailable', ...(isSame && { detail: resumeInstead }) }
}

/**
 * Cancels: the plan stays until its period ends, then the free plan begins. A plan without an end ends at once.
 * @throws AppError `nothing-to-cancel` (or `code`) on free, and when it was cancelled before
 */
export async function cancel(
  deps: BillingDeps,
  actor: Actor,
  code: 'nothing-to-cancel' | 'already-subscribed' = 'nothing-to-cancel',
): Promise<SubscriptionView | StoredIntent> {
  const { accountId } = actor.principal
  return deps.sql.begin(async (tx) => {
    const current = await openForChange(tx, accountId)
    const status = current.plan === freePlan ? null : next(current.status, 'cancel')
    if (!status) throw new AppError(code)
    const { provider, paid } = current
    if (paid) return storeEndIntent(tx, deps, actor, 'cancel', { provider, paid })
    if (current.currentPeriodEnd) await updateStatus(tx, current.id, status)
    else {
      await replace(tx, {
        accountId,
        plan: freePlan,
        status: 'active',
        interval: null,
        endsAt: null,
        trialDays: null,
        grantedBy: null,
        reason: null,
      })
      await recordAuthzChange(tx, { accountId })
    }
    await deps.audit.record(tx, actor, 'subscription.cancel', account(accountId), { details: { plan: current.plan } })
    return notifyOfChange(tx, deps, accountId, current.currentPeriodEnd ? 'cancelled' : 'ended', current.plan)
  })
}

/**
 * Withdraws a cancellation before the period ends: a trial continues as a trial.
 * @throws AppError `nothing-to-cancel` where nothing is cancelled
 */
export async function resume(deps: BillingDeps, actor: Actor): Promise<SubscriptionView | StoredIntent> {
  const { accountId } = actor.principal
  return deps.sql.begin(async (tx) => {
    const current = await openForChange(tx, accountId)
    const status = next(current.status, current.isTrial ? 'resumeTrial' : 'resume')
    if (!status) throw new AppError('nothing-to-cancel', { detail: 'No cancellation waits to be taken back.' })
    const { provider, paid } = current
    if (paid) return storeEndIntent(tx, deps, actor, 'resume', { provider, paid })
    await updateStatus(tx, current.id, status)
    await deps.audit.record(tx, actor, 'subscription.resume', account(accountId), { details: { plan: current.plan } })
    return notifyOfChange(tx, deps, accountId, 'resumed')
  })
}

/**
 * Queues a mail about a change of the subscription, in the transaction that made it.
 * @param endedPlan the name of the plan that ended, for `ended`
 * @returns the current subscription
 */
export async function notifyOfChange(
  tx: Tx,
  deps: BillingDeps,
  accountId: string,
  change: SubscriptionChange,
  endedPlan?: string,
): Promise<SubscriptionView> {
  const now = await requireSubscription(findSubscription(tx, accountId))
  const name = change === 'ended' && endedPlan !== undefined ? endedPlan : now.plan
  const plan = deps.catalogue.current.plans.get(name)?.displayName ?? name
  const until = now.currentPeriodEnd?.toISOString() ?? null
  await deps.mail.notify(tx, accountId, 'subscription-changed', { plan, change, until })
  return toView(deps, now)
}

/** Locks the account's row and those of all members that it pays for, settles what has lapsed, and reads the subscription. */
export async function openForChange(tx: Tx, accountId: string): Promise<CurrentSubscription> {
  await lockPlan(tx, accountId)
  return requireSubscription(findSubscription(tx, accountId))
}

/** Ends the current subscription and begins another; the role follows the plan. */
export async function replace(tx: Tx, subscription: Parameters<typeof insertSubscription>[1]): Promise<void> {
  await endCurrent(tx, subscription.accountId)
  await insertSubscription(tx, subscription)
  await followPlan(tx, subscription.accountId, subscription.plan)
}
