import { authoriseOver, lockAccount } from '../access/hierarchy.ts'
import type { Principal } from '../access/principal.ts'
import { freePlan } from '../access/rights.ts'
import { type AuditEntry, type Client, record } from '../audit/record.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import type { Deps } from '../deps.ts'
import { AppError, invalid } from '../errors/app-error.ts'
import { next } from './lifecycle.ts'
import { manual } from './provider.ts'
import {
  type CurrentSubscription,
  endCurrent,
  findSubscription,
  followPlan,
  insertSubscription,
  insertTrial,
  isAhead,
  updateStatus,
} from './queries.ts'
import { mayTry, requirePlan, requireSubscription, toView } from './views.ts'

export type SubscriptionView = ReturnType<typeof toView>

/** The person's subscription, right by the clock even while no job runs. */
export async function readSubscription(deps: Deps, { accountId }: Principal): Promise<SubscriptionView> {
  return toView(deps, await requireSubscription(findSubscription(deps.sql, accountId)))
}

type Wish = { plan: string; interval: 'month' | 'year' }
const resumeInstead =
  'It is in force until its period ends. To keep it, take the cancellation back: POST /v1/subscription/resume.'

/**
 * Starts a trial (one per account and plan, ever), leads to a checkout where money is due, or agrees on free.
 * @throws AppError `validation-failed` for an unknown plan, `already-subscribed`, `checkout-unavailable`
 */
export async function subscribe(
  deps: Deps,
  principal: Principal,
  { plan: name, interval }: Wish,
  client: Client,
): Promise<SubscriptionView | { checkoutUrl: string }> {
  const plan = requirePlan(deps, name)
  if (plan.name === freePlan) return cancel(deps, principal, client, 'already-subscribed')
  const { accountId } = principal
  const started = await deps.sql.begin(async (tx) => {
    const current = await openForChange(tx, accountId)
    if (current.plan === plan.name && current.status !== 'cancelled') throw new AppError('already-subscribed')
    // It is still in force: its trial was used, and whoever wants to keep it takes the cancellation back.
    if (current.plan === plan.name) throw new AppError('checkout-unavailable', { detail: resumeInstead })
    if (!mayTry(plan, current) || !(await insertTrial(tx, accountId, plan.name))) return false
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
    await record(tx, deps.audit, own('start_trial', accountId, client, { plan: plan.name, from: current.plan }))
    return true
  })
  if (started) return readSubscription(deps, principal)
  const amountMinor = interval === 'month' ? plan.priceMonthlyMinor : plan.priceYearlyMinor
  const checkout =
    amountMinor === null
      ? null
      : await manual.openCheckout({ accountId, plan: plan.name, interval, amountMinor, currency: plan.currency })
  if (!checkout) throw new AppError('checkout-unavailable')
  return checkout
}

/**
 * Cancels: the plan stays until its period ends, and free follows. One without an end is over at once.
 * @throws AppError `nothing-to-cancel` (or `code`) on free, and when it was cancelled before
 */
export async function cancel(
  deps: Deps,
  principal: Principal,
  client: Client,
  code: 'nothing-to-cancel' | 'already-subscribed' = 'nothing-to-cancel',
): Promise<SubscriptionView> {
  const { accountId } = principal
  await deps.sql.begin(async (tx) => {
    const current = await openForChange(tx, accountId)
    const status = current.plan === freePlan ? null : next(current.status, 'cancel')
    if (!status) throw new AppError(code)
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
    await record(tx, deps.audit, own('cancel', accountId, client, { plan: current.plan }))
  })
  return readSubscription(deps, principal)
}

/**
 * Takes a cancellation back, until the period ends: a trial goes on as a trial, anything else as before.
 * @throws AppError `nothing-to-cancel` where no cancellation waits to be taken back
 */
export async function resume(deps: Deps, principal: Principal, client: Client): Promise<SubscriptionView> {
  const { accountId } = principal
  await deps.sql.begin(async (tx) => {
    const current = await openForChange(tx, accountId)
    const status = next(current.status, current.isTrial ? 'resumeTrial' : 'resume')
    if (!status) throw new AppError('nothing-to-cancel', { detail: 'No cancellation waits to be taken back.' })
    await updateStatus(tx, current.id, status)
    await record(tx, deps.audit, own('resume', accountId, client, { plan: current.plan }))
  })
  return readSubscription(deps, principal)
}

type Grant = { plan: string; endsAt?: Date | null; reason: string }

/** An administrator's grant of any plan, with a reason and perhaps an end. @throws AppError as authoriseOver, `validation-failed` */
export async function grantSubscription(
  deps: Deps,
  actor: Principal,
  accountId: string,
  { plan: name, endsAt = null, reason }: Grant,
  client: Client,
): Promise<SubscriptionView> {
  const subscription = await deps.sql.begin(async (tx) => {
    await authoriseOver(tx, actor, accountId, 'subscriptions.manage')
    const plan = requirePlan(deps, name)
    if (endsAt && plan.name === freePlan) throw invalid('endsAt', 'The free plan has no end.')
    if (endsAt && !(await isAhead(tx, endsAt))) throw invalid('endsAt', 'Choose a moment that lies ahead.')
    const before = await openForChange(tx, accountId)
    await replace(tx, {
      accountId,
      plan: plan.name,
      status: 'active',
      interval: null,
      endsAt,
      trialDays: null,
      grantedBy: actor.accountId,
      reason,
    })
    await recordAuthzChange(tx, { accountId })
    await record(tx, deps.audit, {
      action: 'subscription.grant',
      actorId: actor.accountId,
      entityType: 'account',
      entityId: accountId,
      client,
      details: { from: before.plan, to: plan.name, endsAt },
      after: { reason },
    })
    return findSubscription(tx, accountId)
  })
  return toView(deps, await requireSubscription(subscription))
}

async function openForChange(tx: Tx, accountId: string): Promise<CurrentSubscription> {
  await lockAccount(tx, accountId)
  return requireSubscription(findSubscription(tx, accountId))
}

async function replace(tx: Tx, subscription: Parameters<typeof insertSubscription>[1]): Promise<void> {
  await endCurrent(tx, subscription.accountId)
  await insertSubscription(tx, subscription)
  await followPlan(tx, subscription.accountId, subscription.plan === freePlan)
}

/** What a person did to the own subscription. */
function own(act: string, accountId: string, client: Client, details: Record<string, unknown>): AuditEntry {
  return {
    action: `subscription.${act}`,
    actorId: accountId,
    entityType: 'account',
    entityId: accountId,
    client,
    details,
  }
}
