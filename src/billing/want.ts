import type { Actor } from '../access/actor.ts'
import { account } from '../audit/actor.ts'
import type { Plan } from '../catalogue/catalogue.ts'
import type { Tx } from '../db/types.ts'
import { AppError, type ProblemCode } from '../errors/app-error.ts'
import { chooseProvider, offeredPrice, type PriceWish } from './choose-price.ts'
import type { BillingDeps } from './deps.ts'
import { endIntent, findOpenCheckout, type IntentKind, insertIntent } from './intent-queries.ts'
import { planLook } from './lease-queries.ts'
import { findPrice } from './price-queries.ts'
import type { CurrentSubscription, Paid } from './queries.ts'
import { returnUrlOf } from './return-url.ts'
import { insertTask } from './task-queries.ts'

/** The id of a stored intent: committed first, then carried out by `completeIntent`, or by the worker where that fails. */
export type Wanted = { intent: string }

/** Seconds after which the worker takes up an intent that its request did not complete. */
const takenUpAfterSeconds = 45

type Wish = PriceWish & { returnTo?: string }
type Refusal = { code: ProblemCode; detail?: string }

/**
 * Stores the intent of a checkout. An account has one open checkout: the same request gets it again, another request replaces it.
 * @param refusal the problem where nothing can be bought: no provider, or no price
 * @throws AppError as `refusal`, `validation-failed`, `not-supported-by-provider`
 */
export async function wantCheckout(
  tx: Tx,
  deps: BillingDeps,
  actor: Actor,
  { plan, wish, current, refusal }: { plan: Plan; wish: Wish; current: CurrentSubscription; refusal: Refusal },
): Promise<Wanted> {
  const { accountId } = actor.principal
  const currency = wish.currency ?? plan.currency
  const price = offeredPrice(plan, wish.interval, currency)
  const provider = price && chooseProvider(deps, currency, wish.provider)
  if (!price || !provider)
    throw new AppError(refusal.code, refusal.detail === undefined ? {} : { detail: refusal.detail })
  const returnTo = returnUrlOf(deps.config, wish.returnTo)
  // A trial of the same plan runs to its end: the paid period begins then.
  const startsAt = current.isTrial && current.plan === plan.name ? current.currentPeriodEnd : null
  const open = await findOpenCheckout(tx, accountId)
  if (
    open &&
    !open.hasExpired &&
    open.provider === provider.name &&
    open.priceId === price.id &&
    open.returnTo === returnTo
  )
    return { intent: open.id }
  if (open) {
    await endIntent(tx, open.id, 'expired')
    if (open.checkoutId !== null)
      await insertTask(tx, { provider: open.provider, kind: 'expire-checkout', objectId: open.checkoutId })
  }
  const wanted = { kind: 'checkout', provider: provider.name, priceId: price.id, subscriptionId: null } as const
  return want(tx, deps, actor, { ...wanted, returnTo, startsAt })
}

/**
 * Stores the intent of another plan or interval for a paid subscription: an upgrade at once, a downgrade at the period's end.
 * @throws AppError `already-subscribed`, `currency-mismatch`, `checkout-unavailable`
 */
export async function wantChange(
  tx: Tx,
  deps: BillingDeps,
  actor: Actor,
  { plan, wish, current, paid }: { plan: Plan; wish: Wish; current: CurrentSubscription; paid: Paid },
): Promise<Wanted> {
  const now = await findPrice(tx, paid.priceId)
  if (!now) throw new Error('the price of a subscription is kept')
  if (wish.currency !== undefined && wish.currency !== now.currency) throw new AppError('currency-mismatch')
  const subscription = { provider: current.provider, subscriptionId: paid.providerSubscriptionId }
  const isSame = current.plan === plan.name && now.interval === wish.interval
  // The current plan again: withdraws the scheduled downgrade.
  if (isSame && paid.pendingPriceId !== null)
    return want(tx, deps, actor, { kind: 'downgrade', ...subscription, priceId: null })
  if (isSame && current.status !== 'cancelled') throw new AppError('already-subscribed')
  if (current.status === 'cancelled') throw new AppError('checkout-unavailable', { detail: resumeInstead })
  if (current.status === 'past_due')
    throw new AppError('checkout-unavailable', { detail: 'A payment is due first: POST /v1/subscription/portal.' })
  const price = offeredPrice(plan, wish.interval, now.currency)
  if (!price) throw new AppError('checkout-unavailable')
  const isUp = isUpgrade(deps, current.plan, plan, wish.interval)
  if (paid.pendingPriceId === price.id) throw new AppError('already-subscribed', { detail: 'It is planned already.' })
  return want(tx, deps, actor, { kind: isUp ? 'upgrade' : 'downgrade', ...subscription, priceId: price.id })
}

/** Whether a change is an upgrade, which takes effect at once: a higher tier, or the same plan by the year. */
export function isUpgrade(
  { catalogue }: Pick<BillingDeps, 'catalogue'>,
  from: string,
  to: Plan,
  interval: string,
): boolean {
  const tier = catalogue.current.plans.get(from)?.tier ?? 0
  return to.tier > tier || (to.name === from && interval === 'year')
}

/** Stores the intent to cancel a paid subscription, or to withdraw the cancellation. */
export function wantEnd(
  tx: Tx,
  deps: BillingDeps,
  actor: Actor,
  kind: 'cancel' | 'resume',
  { provider, paid }: { provider: string; paid: Paid },
): Promise<Wanted> {
  return want(tx, deps, actor, { kind, provider, subscriptionId: paid.providerSubscriptionId, priceId: null })
}

export const resumeInstead =
  'It is in force until its period ends. To keep it, take the cancellation back: POST /v1/subscription/resume.'

type More = {
  kind: IntentKind
  provider: string
  priceId: string | null
  subscriptionId: string | null
  returnTo?: string
  startsAt?: Date | null
}

async function want(tx: Tx, deps: BillingDeps, actor: Actor, wanted: More): Promise<Wanted> {
  const { accountId } = actor.principal
  const intent = await insertIntent(tx, { accountId, ...wanted })
  await planLook(tx, accountId, takenUpAfterSeconds, wanted.provider)
  const details = { kind: wanted.kind, provider: wanted.provider, intent }
  await deps.audit.record(tx, actor, 'subscription.request', account(accountId), { details })
  return { intent }
}
