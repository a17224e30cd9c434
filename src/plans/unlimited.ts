import type { Sql } from '../db.ts'
import type { Purse } from './lease.ts'
import { addQuotaUsage } from './quota-queries.ts'

/** Counts what accounts without a limit use: no request waits for it. A crash loses what was not settled. */
export function createUnlimited(sql: Sql) {
  let purses = new Map<string, Purse>()
  /** What the database is being told at this moment: it may not see it yet. */
  let told = new Map<string, Purse>()
  let settling: Promise<unknown> = Promise.resolve()

  async function tell(): Promise<boolean> {
    if (purses.size === 0) return false
    told = purses
    purses = new Map()
    try {
      await addQuotaUsage(
        sql,
        [...told].map(([accountId, { spent }]) => ({ accountId, spent })),
      )
      return true
    } catch (error) {
      for (const [accountId, { spent }] of told) {
        const purse = purses.get(accountId)
        if (purse) purse.spent += spent
        else purses.set(accountId, { spent })
      }
      throw error
    } finally {
      told = new Map()
    }
  }

  return {
    spend(accountId: string): Purse {
      const purse = purses.get(accountId) ?? { spent: 0 }
      purse.spent++
      purses.set(accountId, purse)
      return purse
    },
    unsettled: (accountId: string): number => (purses.get(accountId)?.spent ?? 0) + (told.get(accountId)?.spent ?? 0),
    /**
     * Writes all that was counted until now, also what is being written; what fails is kept.
     * @returns whether there was something left to write @throws the database's error
     */
    settle(): Promise<boolean> {
      const settled = settling.then(tell)
      settling = settled.catch(() => {})
      return settled
    },
  }
}
