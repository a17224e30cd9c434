import { type Actor, operator } from '../audit/actor.ts'
import { AppError } from '../errors/app-error.ts'
import type { BillingDeps } from './deps.ts'
import { type ClaimedEvent, finishEvent, insertEvent } from './event-queries.ts'
import { findCheckoutOwner, findIntentOwner } from './intent-queries.ts'
import { findCustomerOwner, findOwner } from './known-queries.ts'
import { releaseLease, takeLease, workMs } from './lease.ts'
import type { BillingProvider, CallOptions, Subject } from './providers/provider.ts'
import { syncAccount } from './sync.ts'

/**
 * Verifies a webhook's signature and stores the event's id, type and object id, never its body. A repeat changes nothing.
 * @returns false where the signature is invalid
 * @throws AppError `not-found` for a provider that is not configured
 */
export async function receiveWebhook(
  deps: Pick<BillingDeps, 'providers' | 'sql' | 'billingWork'>,
  name: string,
  body: Uint8Array,
  headers: Headers,
): Promise<boolean> {
  const provider = deps.providers.find((candidate) => candidate.name === name)
  if (!provider) throw new AppError('not-found')
  const event = await provider.verifyWebhook(body, headers)
  if (!event) return false
  await insertEvent(deps.sql, { provider: name, ...event })
  deps.billingWork.notify()
  return true
}

/** How long an event waits for the account's lease before it is put off, in milliseconds. */
const waitMs = 2_000

/**
 * Processes an event: finds its account and synchronises that account's billing with the provider.
 * @returns false while another worker holds the account's lease
 * @throws ProviderError, LeaseLostError
 */
export async function handleEvent(
  deps: BillingDeps,
  provider: BillingProvider,
  event: ClaimedEvent,
  actor: Actor = operator,
): Promise<boolean> {
  const call = { signal: AbortSignal.timeout(workMs) }
  const { id, eventId, type, objectId } = event
  const subject = objectId === null ? null : await provider.findSubject({ id: eventId, type, objectId }, call)
  const found = subject && (await findSubjectAccount(deps, provider, subject, call))
  if (!found) {
    await finishEvent(deps.sql, id, 'ignored')
    return true
  }
  const lease = await takeLease(deps.sql, found.accountId, waitMs)
  if (!lease) return false
  try {
    const also =
      found.subscriptionId === null ? [] : [{ provider: provider.name, subscriptionId: found.subscriptionId }]
    await syncAccount(deps, actor, lease, call, { also, finish: (tx) => finishEvent(tx, id, 'done') })
    return true
  } finally {
    await releaseLease(deps.sql, lease)
  }
}

type Found = { accountId: string; subscriptionId: string | null }

/** The account that an event is about, from stored rows, else from the provider's subscription. Null: none. */
export async function findSubjectAccount(
  { sql }: Pick<BillingDeps, 'sql'>,
  provider: BillingProvider,
  subject: Subject,
  call: CallOptions,
): Promise<Found | null> {
  const { name } = provider
  const checkout = 'checkoutId' in subject ? subject.checkoutId : null
  const owner = checkout === null ? null : await findCheckoutOwner(sql, name, checkout)
  if (owner) return { accountId: owner, subscriptionId: null }
  const subscriptionId =
    'subscriptionId' in subject
      ? subject.subscriptionId
      : ((await provider.fetchCheckout(subject.checkoutId, call))?.subscriptionId ?? null)
  if (subscriptionId === null) return null
  const known = await findOwner(sql, name, subscriptionId)
  if (known) return { accountId: known, subscriptionId }
  const subscription = await provider.fetchSubscription(subscriptionId, call)
  if (!subscription) return null
  const { reference, customerId } = subscription
  const accountId =
    (reference === null ? null : await findIntentOwner(sql, name, reference)) ??
    (await findCustomerOwner(sql, name, customerId))
  return accountId === null ? null : { accountId, subscriptionId }
}
