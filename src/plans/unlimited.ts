import type { Sql } from '../db.ts'
import type { Purse } from './lease.ts'
import { addQuotaUsage } from './quota-queries.ts'

/** Counts what accounts without a limit use: no request waits for it. A crash loses what was not settled. */
export function createUnlimited(sql: Sql) {
  let purses = new Map<string, Purse>()

  return {
    spend(accountId: string): Purse {
      const purse = purses.get(accountId) ?? { spent: 0 }
      purse.spent++
      purses.set(accountId, purse)
      return purse
    },
    unsettled: (accountId: string): number => purses.get(accountId)?.spent ?? 0,
    /** Writes what was counted; what fails is kept. @returns whether there was something @throws the database's error */
    async settle(): Promise<boolean> {
      const batch = purses
      if (batch.size === 0) return false
      purses = new Map()
      try {
        await addQuotaUsage(
          sql,
          [...batch].map(([accountId, { spent }]) => ({ accountId, spent })),
        )
        return true
      } catch (error) {
        for (const [accountId, { spent }] of batch) {
          const purse = purses.get(accountId)
          if (purse) purse.spent += spent
          else purses.set(accountId, { spent })
        }
        throw error
      }
    },
  }
}
