import type { Tx } from '../db/types.ts'

/**
 * Updates the account's share in the payment statistics. Call it in the transaction that changed its trials, payments or subscriptions,
 * with its row locked. Idempotent.
 */
export async function countPayments(tx: Tx, accountId: string): Promise<void> {
  await tx`select count_payments(${accountId})`
}
