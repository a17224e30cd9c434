import { type Actor, operator } from '../audit/actor.ts'
import { AppError } from '../errors/app-error.ts'
import { requireProvider } from './choose-price.ts'
import type { BillingDeps } from './deps.ts'
import { ensureProviderPrice } from './facts.ts'
import { encryptPage, readPage } from './intent-page.ts'
import { endIntent, findIntent, type Intent, openIntent } from './intent-queries.ts'
import { findCustomer, insertCustomer } from './known-queries.ts'
import { type Lease, LeaseLostError, releaseLease, takeLease, workMs } from './lease.ts'
import { scheduleSync } from './lease-queries.ts'
import type { BillingProvider, WriteOptions } from './providers/provider.ts'
import { ProviderError } from './providers/provider-error.ts'
import { findContact, isErased } from './queries.ts'
import { syncAccount } from './sync.ts'
import { insertTask } from './task-queries.ts'

/** How long a request waits for the account's lease, and how long for the provider, in milliseconds. */
const waitMs = 8_000
const requestMs = 20_000

/** The result of an intent: the page where the person pays; null: it is done, and the subscription is changed. */
type Completed = { pageUrl: string | null }

/**
 * Carries out a request's intent at the provider, after its transaction has committed. Idempotent: a repeat returns the first result.
 * @throws AppError `payment-provider-unavailable` (the worker retries it), `not-supported-by-provider`, `checkout-unavailable` where
 *   the provider refuses, `account-disabled`
 */
export async function completeIntent(
  deps: BillingDeps,
  actor: Actor<{ accountId: string }>,
  intentId: string,
): Promise<Completed> {
  const { accountId } = actor.principal
  const lease = await takeLease(deps.sql, accountId, waitMs)
  if (!lease && (await isErased(deps.sql, accountId))) throw new AppError('account-disabled')
  if (!lease) throw new AppError('payment-provider-unavailable', { retryAfter: 5 })
  try {
    const intent = await findIntent(deps.sql, accountId, intentId)
    if (!intent) throw new AppError('account-disabled')
    return await carryOut(deps, actor, lease, intent, AbortSignal.timeout(requestMs))
  } catch (error) {
    throw await toProblem(deps, accountId, intentId, error)
  } finally {
    await releaseLease(deps.sql, lease)
  }
}

/** completeIntent for the worker, under a lease that it holds. @throws ProviderError, LeaseLostError */
export async function resumeIntent(deps: BillingDeps, lease: Lease, intent: Intent): Promise<void> {
  await carryOut(deps, operator, lease, intent, AbortSignal.timeout(workMs))
}

async function carryOut(
  deps: BillingDeps,
  actor: Actor,
  lease: Lease,
  intent: Intent,
  signal: AbortSignal,
): Promise<Completed> {
  const known = readPage(deps, intent)
  // An open page whose URL cannot be decrypted is requested again: the same idempotency key gives the same page.
  if (intent.state !== 'wanted' && (intent.state !== 'open' || known !== null)) return answerOf(intent, known)
  if (intent.hasExpired) {
    await endIntent(deps.sql, intent.id, 'expired')
    throw new ProviderError('refused', 'the intent is too old')
  }
  const provider = requireProvider(deps, intent.provider)
  const call = { signal, key: intent.id }
  const page = await (intent.kind === 'checkout'
    ? openCheckout(deps, provider, intent, call)
    : change(deps, provider, intent, call))
  if (page) {
    const isOpen = await openIntent(deps.sql, intent.id, { ...page, page: encryptPage(deps, intent, page.pageUrl) })
    if (!isOpen && page.checkoutId !== null) await discard(deps, intent, page.checkoutId)
    return { pageUrl: page.pageUrl }
  }
  const { id, provider: name, subscriptionId } = intent
  const also = subscriptionId === null ? [] : [{ provider: name, subscriptionId }]
  await syncAccount(deps, actor, lease, { signal }, { also, finish: (tx) => endIntent(tx, id, 'done') })
  return { pageUrl: null }
}

type Page = { checkoutId: string | null; pageUrl: string; expiresAt: Date }

async function openCheckout(
  deps: BillingDeps,
  provider: BillingProvider,
  intent: Intent,
  call: WriteOptions,
): Promise<Page> {
  const { id, accountId, priceId, returnTo, startsAt, expiresAt } = intent
  if (priceId === null) throw new Error('a checkout has a price')
  const { priceId: known, price } = await ensureProviderPrice(deps, provider, priceId, call)
  const back = returnTo ?? deps.config.appUrl
  const opened = await provider.openCheckout(
    {
      reference: id,
      customerId: await ensureCustomer(deps, provider, accountId, call),
      priceId: known,
      price,
      startsAt: startsAt && startsAt.getTime() > deps.now() ? startsAt : null,
      successUrl: back,
      cancelUrl: back,
      expiresAt,
    },
    call,
  )
  return { checkoutId: opened.id, pageUrl: opened.url, expiresAt: opened.expiresAt }
}

async function ensureCustomer(deps: BillingDeps, provider: BillingProvider, accountId: string, call: WriteOptions) {
  const known = await findCustomer(deps.sql, provider.name, accountId)
  if (known) return known
  const email = await findContact(deps.sql, accountId)
  if (email === null) throw new AppError('account-disabled')
  // The key is the account's: two concurrent intents make one customer.
  const customerId = await provider.createCustomer(
    { reference: accountId, email },
    { ...call, key: `customer_${accountId}` },
  )
  await insertCustomer(deps.sql, provider.name, accountId, customerId)
  return customerId
}

/** Changes a subscription at the provider. @returns the page where the person has to pay first; null: it is done */
async function change(
  deps: BillingDeps,
  provider: BillingProvider,
  intent: Intent,
  call: WriteOptions,
): Promise<Page | null> {
  const { kind, accountId, subscriptionId, priceId, expiresAt } = intent
  if (subscriptionId === null) throw new Error('a change is of a subscription')
  switch (kind) {
    case 'cancel':
      await provider.cancel(subscriptionId, 'period-end', call)
      return null
    case 'resume':
      await provider.resume(subscriptionId, call)
      return null
    case 'downgrade': {
      const price = priceId && (await ensureProviderPrice(deps, provider, priceId, call)).priceId
      await provider.changeAtPeriodEnd(subscriptionId, price, call)
      return null
    }
    case 'upgrade': {
      if (priceId === null) throw new Error('an upgrade has a price')
      const { priceId: price } = await ensureProviderPrice(deps, provider, priceId, call)
      const outcome = await provider.changeNow(subscriptionId, price, call)
      if (outcome.outcome === 'paid') return null
      const customerId = await ensureCustomer(deps, provider, accountId, call)
      const portal = () => provider.openPortal({ customerId, subscriptionId }, deps.config.appUrl, call)
      return { checkoutId: null, pageUrl: outcome.payUrl ?? (await portal()), expiresAt }
    }
    case 'checkout':
      throw new Error('a checkout changes nothing')
    default: {
      const missing: never = kind
      throw new Error(`nobody knows how to ${missing}`)
    }
  }
}

/** Closes a checkout whose intent ended while the provider opened it. */
async function discard(deps: BillingDeps, { accountId, provider }: Intent, objectId: string): Promise<void> {
  const kind = (await isErased(deps.sql, accountId)) ? 'void-checkout' : 'expire-checkout'
  await insertTask(deps.sql, { provider, kind, objectId })
  deps.billingWork.notify()
}

/** The result of an intent that was carried out before. @throws ProviderError `refused` where it was refused or has expired */
function answerOf({ state }: Intent, pageUrl: string | null): Completed {
  if (state === 'open') return { pageUrl }
  if (state === 'done') return { pageUrl: null }
  throw new ProviderError('refused', `the intent is ${state}`)
}

async function toProblem(deps: BillingDeps, accountId: string, intentId: string, error: unknown): Promise<unknown> {
  if (error instanceof LeaseLostError) {
    await scheduleSync(deps.sql, accountId, 0)
    return new AppError('payment-provider-unavailable', { retryAfter: 5, cause: error })
  }
  if (!(error instanceof ProviderError)) return error
  const { failure, retryAfterSeconds } = error
  if (failure === 'unavailable' || failure === 'unreadable') {
    deps.log.warn({ err: error, failure }, 'a payment provider did not do what was wanted; a job goes on')
    await scheduleSync(deps.sql, accountId, 15)
    return new AppError('payment-provider-unavailable', { retryAfter: retryAfterSeconds ?? 15, cause: error })
  }
  await endIntent(deps.sql, intentId, 'refused')
  // The object is in an unexpected state: the worker fetches it at once.
  await scheduleSync(deps.sql, accountId, 0)
  deps.billingWork.notify()
  const code = failure === 'unsupported' ? 'not-supported-by-provider' : 'checkout-unavailable'
  return new AppError(code, { cause: error })
}
