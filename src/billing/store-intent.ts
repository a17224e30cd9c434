import type { Actor } from '../access/actor.ts'
import { account } from '../audit/actor.ts'
import type { Plan } from '../catalogue/catalogue.ts'
import type { Tx } from '../db/types.ts'
import { AppError, type ProblemCode } from '../errors/app-error.ts'
import { chooseProvider, offeredPrice, type PriceChoice } from './choose-price.ts'
import type { BillingDeps } from './deps.ts'
import { endIntent, findOpenCheckout, type IntentKind, insertIntent } from './intent-queries.ts'
import { scheduleSync } from './lease-queries.ts'
import { findPrice } from './price-queries.ts'
import type { CurrentSubscription, Paid } from './queries.ts'
import { returnUrlOf } from './return-url.ts'
import { insertTask } from './task-queries.ts'

/** The id of a stored intent: committed first, then carried out by `completeIntent`, or by the worker where that fails. */
export type StoredIntent = { intent: string }

/** Seconds after which the worker takes up an intent that its request did not complete. */
const completedAfterSeconds = 45

type Choice = PriceChoice & { returnTo?: string }
type Refusal = { code: ProblemCode; detail?: string }

/**
 * Stores the intent of a checkout. An account has one open checkout: the same request gets it again, another request replaces it.
 * @param refusal the problem where nothing can be bought: no provider, or no price
 * @throws AppError as `refusal`, `validation-failed`, `not-supported-by-provider`
 */
export async function storeCheckoutIntent(
  tx: Tx,
  deps: BillingDeps,
  actor: Actor,
  { plan, choice, current, refusal }: { plan: Plan; choice: Choice; current: CurrentSubscription; refusal: Refusal },
): Promise<StoredIntent> {
  const { accountId } = actor.principal
  const currency = choice.currency ?? plan.currency
  const price = offeredPrice(plan, choice.interval, currency)
  const provider = price && chooseProvider(deps, currency, choice.provider)
  if (!price || !provider)
    throw new AppError(refusal.code, refusal.detail === undefined ? {} : { detail: refusal.detail })
  const returnTo = returnUrlOf(deps.config, choice.returnTo)
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
  const values = { kind: 'checkout', provider: provider.name, priceId: price.id, subscriptionId: null } as const
  return storeIntent(tx, deps, actor, { ...values, returnTo, startsAt })
}

/**
 * Stores the intent of another plan or interval for a paid subscription: an upgrade at once, a downgrade at the period's end.
 * @throws AppError `already-subscribed`, `currency-mismatch`, `checkout-unavailable`
 */
export async function storeChangeIntent(
  tx: Tx,
  deps: BillingDeps,
  actor: Actor,
  { plan, choice, current, paid }: { plan: Plan; choice: Choice; current: CurrentSubscription; paid: Paid },
): Promise<StoredIntent> {
  const now = await findPrice(tx, paid.priceId)
  if (!now) throw new Error('the price of a subscription is kept')
  if (choice.currency !== undefined && choice.currency !== now.currency) throw new AppError('currency-mismatch')
  const subscription = { provider: current.provider, subscriptionId: paid.providerSubscriptionId }
  const isSame = current.plan === plan.name && now.interval === choice.interval
  // The current plan again: withdraws the scheduled downgrade.
  if (isSame && paid.pendingPriceId !== null)
    return storeIntent(tx, deps, actor, { kind: 'downgrade', ...subscription, priceId: null })
  if (isSame && current.status !== 'cancelled') throw new AppError('already-subscribed')
  if (current.status === 'cancelled') throw new AppError('checkout-unavailable', { detail: resumeInstead })
  if (current.status === 'past_due')
    throw new AppError('checkout-unavailable', { detail: 'A payment is due first: POST /v1/subscription/portal.' })
  const price = offeredPrice(plan, choice.interval, now.currency)
  if (!price) throw new AppError('checkout-unavailable')
  const isUp = isUpgrade(deps, current.plan, plan, choice.interval)
  if (paid.pendingPriceId === price.id) throw new AppError('already-subscribed', { detail: 'It is planned already.' })
  return storeIntent(tx, deps, actor, { kind: isUp ? 'upgrade' : 'downgrade', ...subscription, priceId: price.id })
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
export function storeEndIntent(
  tx: Tx,
  deps: BillingDeps,
  actor: Actor,
  kind: 'cancel' | 'resume',
  { provider, paid }: { provider: string; paid: Paid },
): Promise<StoredIntent> {
  return storeIntent(tx, deps, actor, { kind, provider, subscriptionId: paid.providerSubscriptionId, priceId: null })
}

export const resumeInstead =
  'It is in force until its period ends. To keep it, take the cancellation back: POST /v1/subscription/resume.'

type IntentValues = {
  kind: IntentKind
  provider: string
  priceId: string | null
  subscriptionId: string | null
  returnTo?: string
  startsAt?: Date | null
}

async function storeIntent(tx: Tx, deps: BillingDeps, actor: Actor, values: IntentValues): Promise<StoredIntent> {
  const { accountId } = actor.principal
  const intent = await insertIntent(tx, { accountId, ...values })
  await scheduleSync(tx, accountId, completedAfterSeconds, values.provider)
  const details = { kind: values.kind, provider: values.provider, intent }
  await deps.audit.record(tx, actor, 'subscription.request', account(accountId), { details })
  return { intent }
}
