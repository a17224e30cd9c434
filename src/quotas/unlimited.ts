import type { Sql } from '../db/types.ts'
import { keyOf, type Purse } from './lease.ts'
import { addQuotaUsage, type Quota } from './queries.ts'

type Counted = Purse & { quota: Quota }

/** Counts what accounts without a limit use: no request waits for it. A crash loses what was not settled. */
export function createUnlimited(sql: Sql) {
  let purses = new Map<string, Counted>()
  /** What the database is being told at this moment: it may not see it yet. */
  let told = new Map<string, Counted>()
  let settling: Promise<unknown> = Promise.resolve()

  async function tell(): Promise<boolean> {
    if (purses.size === 0) return false
    told = purses
    purses = new Map()
    try {
      await addQuotaUsage(
        sql,
        [...told.values()].map(({ quota, spent }) => ({ ...quota, spent })),
      )
      return true
    } catch (error) {
      for (const { quota, spent } of told.values()) purseOf(quota).spent += spent
      throw error
    } finally {
      told = new Map()
    }
  }

  function purseOf(quota: Quota): Counted {
    const key = keyOf(quota)
    const purse = purses.get(key) ?? { quota, spent: 0 }
    purses.set(key, purse)
    return purse
  }

  return {
    spend(quota: Quota): Purse {
      const purse = purseOf(quota)
      purse.spent++
      return purse
    },
    unsettled(quota: Quota): number {
      const key = keyOf(quota)
      return (purses.get(key)?.spent ?? 0) + (told.get(key)?.spent ?? 0)
    },
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
