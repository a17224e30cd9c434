import type { Tx } from '../db/types.ts'

/**
 * Counts what an account adds to the figures of payments, after its trials, payments or subscriptions changed: in the same
 * transaction, its row locked. Again, it adds nothing.
 */
export async function countPayments(tx: Tx, accountId: string): Promise<void> {
  await tx`select count_payments(${accountId})`
}
