import { freePlan } from '../access/lapse.ts'
import type { Actor } from '../audit/actor.ts'
import { account } from '../audit/actor.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import type { BillingDeps } from './deps.ts'
import { findSurplus, upsertKnown } from './known-queries.ts'
import { type Event, eventsBetween, type LiveStatus, next, type Status } from './lifecycle.ts'
import { type CurrentSubscription, findSubscription, isPaidFor, updatePaid } from './queries.ts'
import { recordPayments } from './record-payments.ts'
import { type Facts, overAt, type Reason, type Standing, standingOf } from './standing.ts'
import { notifyOfChange, replace } from './subscriptions.ts'
import { insertTask } from './task-queries.ts'
import { requireSubscription } from './views.ts'

type Context = { deps: BillingDeps; actor: Actor; accountId: string }

/**
 * Writes the fetched state of one subscription: payments, the account's plan, rights, audit and mail, each only where it changed. The
 * caller has locked the account's row and holds the lease.
 * @returns what the subscription grants, or why it grants nothing
 * @throws Error for a change of state that the state machine does not allow
 */
export async function applyFacts(tx: Tx, context: Context, facts: Facts): Promise<Standing | Reason> {
  const { deps, accountId } = context
  const { provider, subscription } = facts
  await recordPayments(tx, context, facts)
  const current = await requireSubscription(findSubscription(tx, accountId))
  const isCurrent = current.provider === provider && current.paid?.providerSubscriptionId === subscription.id
  const standing = standingOf(facts, { nowMs: deps.now(), graceMs: deps.config.billingGraceMs })
  const { isSurplus, stoppedAt } = await findSurplus(tx, provider, subscription.id)
  const isTooMany =
    isSurplus ||
    (typeof standing !== 'string' &&
      !isCurrent &&
      ((current.plan !== freePlan && !current.isTrial) || (await isPaidFor(tx, accountId))))
  await upsertKnown(tx, toKnown(accountId, facts), {
    isSurplus: isTooMany,
    overAt: isTooMany ? null : overAt(facts, standing, { graceMs: deps.config.billingGraceMs }),
  })
  if (isTooMany) await cancelSurplus(tx, facts, stoppedAt)
  else if (standing === 'unknown-price')
    // Set up by hand at the provider: neither rights nor the provider's subscription are changed.
    deps.log.error(
      { provider, subscriptionId: subscription.id },
      'a subscription has a price that this service did not make',
    )
  else if (typeof standing === 'string') {
    if (isCurrent) await end(tx, context, current, standing)
    // A refunded subscription must not be charged again.
    if (standing === 'refunded' || standing === 'disputed') await cancelAtProvider(tx, facts)
  } else if (isCurrent) await follow(tx, context, current, standing, facts)
  else await activate(tx, context, current, standing, facts)
  return isTooMany ? 'ended' : standing
}

function toKnown(accountId: string, { provider, subscription, price, pendingPrice }: Facts) {
  const { id, status, startedAt, paidUntil, cancelAtPeriodEnd } = subscription
  const prices = { priceId: price?.id ?? null, pendingPriceId: pendingPrice?.id ?? null }
  return {
    provider,
    subscriptionId: id,
    accountId,
    ...prices,
    status,
    startedAt,
    paidUntil,
    cancels: cancelAtPeriodEnd,
  }
}

/**
 * Cancels a surplus subscription at the provider and refunds its charges: a second subscription, one that a grant replaced, or one of a
 * member of a team. If it granted rights before, only charges after `stoppedAt` are refunded.
 */
async function cancelSurplus(tx: Tx, facts: Facts, stoppedAt: Date | null): Promise<void> {
  await cancelAtProvider(tx, facts)
  const { provider, payments, subscription } = facts
  const isReturned = (chargeId: string) =>
    payments.some(
      (payment) => payment.chargeId === chargeId && payment.kind !== 'charge' && payment.status !== 'failed',
    )
  const grantedNothing = (at: Date) => stoppedAt === null || at > stoppedAt
  for (const { id, kind, status, at } of payments)
    if (kind === 'charge' && status === 'succeeded' && grantedNothing(at) && !isReturned(id))
      await insertTask(tx, { provider, kind: 'refund-charge', objectId: id, subscriptionId: subscription.id })
}

async function cancelAtProvider(tx: Tx, { provider, subscription }: Facts): Promise<void> {
  if (subscription.status !== 'ended')
    await insertTask(tx, { provider, kind: 'cancel-subscription', objectId: subscription.id })
}

/** A subscription begins: after the free plan, or in place of a trial. */
async function activate(tx: Tx, context: Context, from: CurrentSubscription, standing: Standing, facts: Facts) {
  await put(tx, context, standing, facts)
  await recordAuthzChange(tx, { accountId: context.accountId })
  const { plan, interval } = standing.price
  await note(tx, context, 'activate', { plan, interval, from: from.plan, provider: facts.provider })
  await notifyOfChange(tx, context.deps, context.accountId, 'begun')
}

async function end(tx: Tx, context: Context, { plan }: CurrentSubscription, reason: Reason): Promise<void> {
  const { deps, accountId } = context
  const free = { plan: freePlan, status: 'active', interval: null, endsAt: null, trialDays: null } as const
  await replace(tx, { accountId, ...free, grantedBy: null, reason: null })
  await recordAuthzChange(tx, { accountId })
  await note(tx, context, 'end', { plan, reason })
  await notifyOfChange(tx, deps, accountId, 'ended', plan)
}

/** Updates the current subscription to the provider's state. */
async function follow(tx: Tx, context: Context, from: CurrentSubscription, to: Standing, facts: Facts): Promise<void> {
  const { accountId } = context
  const events = eventsOf(from, to)
  const standing = { ...to, status: stateAfter(from, events) }
  const pendingPriceId = to.pendingPrice?.id ?? null
  if (events.includes('change')) await put(tx, context, standing, facts)
  else await updatePaid(tx, from.id, { ...standing, pendingPriceId })
  if (from.currentPeriodEnd?.getTime() !== to.endsAt.getTime() || from.plan !== to.price.plan)
    await recordAuthzChange(tx, { accountId })
  for (const event of events) {
    await note(tx, context, event, { plan: to.price.plan, ...(event === 'change' && { from: from.plan }) })
    const change = notices[event]
    if (change) await notifyOfChange(tx, context.deps, accountId, change)
  }
  if (pendingPriceId !== null && from.paid?.pendingPriceId !== pendingPriceId)
    await note(tx, context, 'schedule', { plan: to.pendingPrice?.plan, at: to.paidUntil })
}

/** The state after the events, by the state machine. @throws Error for an event that it does not allow */
function stateAfter({ status: from }: CurrentSubscription, events: readonly Event[]): LiveStatus {
  let status: Status | null = from
  for (const event of events) status = status && next(status, event)
  if (status === null || status === 'expired')
    throw new Error(`no subscription that is ${from} can ${events.join(', ')}`)
  return status
}

function eventsOf(from: CurrentSubscription, to: Standing): Event[] {
  const events = [...eventsBetween(from.status as LiveStatus, to.status)]
  const hasBegunAnew = to.status === 'active' && (from.paid?.paidUntil.getTime() ?? 0) < to.paidUntil.getTime()
  if (hasBegunAnew && events.length === 0) events.push('renew')
  if (from.paid?.priceId !== to.price.id) events.push('change')
  return events
}

const notices: Partial<Record<Event, 'changed' | 'cancelled' | 'resumed' | 'payment-failed'>> = {
  change: 'changed',
  cancel: 'cancelled',
  resume: 'resumed',
  resumeTrial: 'resumed',
  fail: 'payment-failed',
}

async function put(tx: Tx, { accountId }: Context, standing: Standing, { provider, subscription }: Facts) {
  const { status, price, pendingPrice, paidUntil, endsAt } = standing
  const paid = { provider, providerSubscriptionId: subscription.id, priceId: price.id, paidUntil }
  await replace(tx, {
    accountId,
    plan: price.plan,
    status,
    interval: price.interval,
    endsAt,
    trialDays: null,
    grantedBy: null,
    reason: null,
    paid: { ...paid, pendingPriceId: pendingPrice?.id ?? null },
  })
}

const actions: Record<Event | 'activate' | 'schedule', string> = {
  activate: 'subscription.activate',
  convert: 'subscription.convert',
  renew: 'subscription.renew',
  fail: 'subscription.payment_fail',
  change: 'subscription.change',
  schedule: 'subscription.schedule_change',
  cancel: 'subscription.cancel',
  resume: 'subscription.resume',
  resumeTrial: 'subscription.resume',
  end: 'subscription.end',
}

function note(tx: Tx, { deps, actor, accountId }: Context, event: keyof typeof actions, details: object) {
  return deps.audit.record(tx, actor, actions[event], account(accountId), { details: { ...details } })
}
