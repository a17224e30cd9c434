import type { Tx } from '../db/types.ts'
import { countPayments } from './figure-queries.ts'
import { endIntents } from './intent-queries.ts'
import { releaseKnown } from './known-queries.ts'
import { insertTask, type TaskKind } from './task-queries.ts'

/**
 * Queues tasks that cancel the account's subscriptions at their providers and close its open checkouts. Tasks outlive the account. The
 * caller has locked the account's row.
 */
export function releaseProviders(tx: Tx, accountId: string): Promise<void> {
  return release(tx, accountId, 'expire-checkout')
}

/** releaseProviders before an erasure: a purchase that still completes is cancelled and refunded. */
export function releaseErased(tx: Tx, accountId: string): Promise<void> {
  return release(tx, accountId, 'void-checkout')
}

async function release(tx: Tx, accountId: string, kind: TaskKind): Promise<void> {
  for (const { provider, subscriptionId } of await releaseKnown(tx, accountId))
    await insertTask(tx, { provider, kind: 'cancel-subscription', objectId: subscriptionId })
  for (const { provider, checkoutId } of await endIntents(tx, accountId))
    await insertTask(tx, { provider, kind, objectId: checkoutId })
  // Before an erasure deletes it.
  await countPayments(tx, accountId)
}
