import type { Sql, Tx } from '../db/types.ts'
import * as queries from './lease-queries.ts'

/** The account's billing is ours until the lease ends: nobody else calls a provider about it. */
export type Lease = { accountId: string; id: string }

/** Longer than the work of one lease may take: see `workMs`. */
const leaseSeconds = 60
/** Calls to providers under one lease end within this. */
export const workMs = 40_000

/** The lease has passed to somebody else: nothing may be written any more. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError'
}

/** @returns null while somebody else has it, after `waitMs` */
export async function takeLease(sql: Sql, accountId: string, waitMs = 0): Promise<Lease | null> {
  const lease = { accountId, id: crypto.randomUUID() }
  const endsAt = performance.now() + waitMs
  for (let pauseMs = 25; ; pauseMs = Math.min(pauseMs * 2, 400)) {
    if (await queries.takeLease(sql, accountId, lease.id, leaseSeconds)) return lease
    if (performance.now() + pauseMs > endsAt) return null
    await Bun.sleep(pauseMs)
  }
}

export function releaseLease(sql: Sql, { accountId, id }: Lease): Promise<void> {
  return queries.releaseLease(sql, accountId, id)
}

/** Part of the transaction that writes what was fetched: whatever it writes counts only under the lease. @throws LeaseLostError */
export async function requireLease(tx: Tx, { accountId, id }: Lease): Promise<void> {
  if (!(await queries.holdLease(tx, accountId, id))) throw new LeaseLostError('the lease has ended')
}
