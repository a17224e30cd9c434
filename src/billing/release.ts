import type { Tx } from '../db/types.ts'
import { countPayments } from './figure-queries.ts'
import { endIntents } from './intent-queries.ts'
import { releaseKnown } from './known-queries.ts'
import { insertTask, type TaskKind } from './task-queries.ts'

/**
 * What is paid through providers ends there, and no open page takes money any more: tasks, which outlive the account. Lock the
 * account's row first.
 */
export function releaseProviders(tx: Tx, accountId: string): Promise<void> {
  return release(tx, accountId, 'expire-checkout')
}

/** The same before an account is erased: what is bought nevertheless is paid back. */
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
