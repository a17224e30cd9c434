import { createWriteBehind } from '../async/write-behind.ts'
import type { Db } from '../db/types.ts'
import type { Lease } from './lease.ts'
import { type Report, returnQuotas } from './queries.ts'

/** Leases that ended on this instance but not yet in the database, where their unused units are then free again. */
export function createEndedLeases(sql: Db) {
  const ended: Report[] = []
  const { flush } = createWriteBehind<Report[]>({
    take: () => (ended.length > 0 ? [ended.splice(0)] : []),
    write: (batch) => returnQuotas(sql, batch),
    restore: (batch) => void ended.push(...batch),
  })
  return {
    add({ id, spent }: Lease): void {
      ended.push({ leaseId: id, spent })
    },
    /**
     * Ends them in one statement; failed ones are retried later. @returns whether there were any @throws the database's
     * error
     */
    flush,
  }
}
