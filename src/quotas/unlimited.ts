import { createWriteBehind } from '../async/write-behind.ts'
import type { Sql } from '../db/types.ts'
import { keyOf, type Purse } from './lease.ts'
import { addQuotaUsage, type Quota } from './queries.ts'

type Counted = Purse & { quota: Quota }

/** Counts what accounts without a limit use: no request waits for it. A crash loses what was not written. */
export function createUnlimited(sql: Sql) {
  let purses = new Map<string, Counted>()
  const { flush, inFlight } = createWriteBehind<Map<string, Counted>>({
    take() {
      const batch = purses
      purses = new Map()
      return batch.size > 0 ? [batch] : []
    },
    write: (batch) =>
      addQuotaUsage(
        sql,
        [...batch.values()].map(({ quota, spent }) => ({ ...quota, spent })),
      ),
    restore(batch) {
      for (const { quota, spent } of batch.values()) purseOf(quota).spent += spent
    },
  })

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
    /** What the database may not show yet. */
    unsettled(quota: Quota): number {
      const key = keyOf(quota)
      return [purses, ...inFlight()].reduce((sum, counted) => sum + (counted.get(key)?.spent ?? 0), 0)
    },
    /**
     * Writes all that was counted until now; what fails is kept.
     * @returns whether there was something left to write @throws the database's error
     */
    flush,
  }
}
