import { requireProvider } from './choose-price.ts'
import type { BillingDeps } from './deps.ts'
import { workMs } from './lease.ts'
import type { BillingProvider, WriteOptions } from './providers/provider.ts'
import { ProviderError } from './providers/provider-error.ts'
import { finishTask, type Task } from './task-queries.ts'

/**
 * Performs a task at a provider, even if the account was erased meanwhile. Idempotent.
 * @throws ProviderError for failures that a retry may solve; others are logged, and the task is finished
 */
export async function doTask(deps: BillingDeps, task: Task): Promise<void> {
  const provider = requireProvider(deps, task.provider)
  const call = { signal: AbortSignal.timeout(workMs), key: task.id }
  try {
    await perform(provider, task, call)
  } catch (error) {
    if (!(error instanceof ProviderError) || error.failure === 'unavailable' || error.failure === 'unreadable')
      throw error
    deps.log.error({ err: error, kind: task.kind, objectId: task.objectId }, 'a provider will not do it: look there')
  }
  const subscriptionId = task.kind === 'cancel-subscription' ? task.objectId : task.subscriptionId
  await finishTask(deps.sql, task, subscriptionId)
}

async function perform(provider: BillingProvider, task: Task, call: WriteOptions): Promise<void> {
  const { kind, objectId, subscriptionId } = task
  switch (kind) {
    case 'cancel-subscription':
      return provider.cancel(objectId, 'now', call)
    case 'refund-charge':
      return provider.refund({ chargeId: objectId, subscriptionId: subscriptionId ?? '' }, call)
    case 'expire-checkout':
      return provider.expireCheckout(objectId, call)
    case 'void-checkout':
      return voidCheckout(provider, objectId, call)
    default: {
      const missing: never = kind
      throw new Error(`nobody knows how to ${missing}`)
    }
  }
}

/** Closes a checkout of an erased account. A purchase that completed is cancelled and refunded. */
async function voidCheckout(provider: BillingProvider, checkoutId: string, call: WriteOptions): Promise<void> {
  await provider.expireCheckout(checkoutId, call)
  const checkout = await provider.fetchCheckout(checkoutId, call)
  if (checkout?.state === 'open') throw new ProviderError('unavailable', 'the checkout is still open')
  const subscriptionId = checkout?.subscriptionId ?? null
  if (subscriptionId === null) return
  const subscription = await provider.fetchSubscription(subscriptionId, call)
  if (!subscription) return
  if (subscription.status !== 'ended') await provider.cancel(subscriptionId, 'now', { ...call, key: `${call.key}-c` })
  const payments = await provider.listPayments(subscription, new Date(0), call)
  for (const [index, { id, kind, status }] of payments.entries())
    if (kind === 'charge' && status === 'succeeded')
      await provider.refund({ chargeId: id, subscriptionId }, { ...call, key: `${call.key}-r${index}` })
}
