import type { Sql, Tx } from '../db/types.ts'
import * as queries from './lease-queries.ts'

/** The right to call providers about one account's billing, until the lease ends. */
export type Lease = { accountId: string; id: string }

/** Longer than `workMs`, so that work ends before its lease. */
const leaseSeconds = 60
/** Bound of all calls to providers under one lease, in milliseconds. */
export const workMs = 40_000

/** The lease has ended, and another worker may hold it: nothing may be written. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

/**
 * Takes the lease of an account's billing.
 * @returns null where another worker still holds it after `waitMs` milliseconds, and where the account is erased
 */
export async function takeLease(sql: Sql, accountId: string, waitMs = 0): Promise<Lease | null> {
  const lease = { accountId, id: crypto.randomUUID() }
  const endsAt = performance.now() + waitMs
  for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 400)) {
    const { isTaken, isErased } = await queries.takeLease(sql, accountId, lease.id, leaseSeconds)
    if (isTaken) return lease
    if (isErased || performance.now() + pauseMs > endsAt) return null
    await Bun.sleep(pauseMs)
  }
}

/** Ends the lease, so that others need not wait for its expiry. */
export function releaseLease(sql: Sql, { accountId, id }: Lease): Promise<void> {
  return queries.releaseLease(sql, accountId, id)
}

/** Call it in the transaction that writes what was fetched, so that it commits only under the lease. @throws LeaseLostError */
export async function requireLease(tx: Tx, { accountId, id }: Lease): Promise<void> {
  if (!(await queries.holdLease(tx, accountId, id))) throw new LeaseLostError('the lease has ended')
}
