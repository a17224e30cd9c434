import type { Db } from '../db/types.ts'
import type { Lease } from './lease.ts'
import { returnQuotas, type Told } from './queries.ts'

/** Leases that ended here and that the database is still to hear of, so that what is left of them is free again. */
export function createEndedLeases(sql: Db) {
  const ended: Told[] = []
  return {
    add({ id, spent }: Lease): void {
      ended.push({ leaseId: id, spent })
    },
    /** Ends them in one statement; what fails is kept. @returns whether there was anything to tell */
    async settle(): Promise<boolean> {
      const told = ended.splice(0)
      if (told.length === 0) return false
      await returnQuotas(sql, told).catch((error) => {
        ended.push(...told)
        throw error
      })
      return true
    },
  }
}
