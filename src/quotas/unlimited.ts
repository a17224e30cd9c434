import { createWriteBehind } from '../async/write-behind.ts'
import type { Sql } from '../db/types.ts'
import { keyOf, type QuotaUnit } from './lease.ts'
import { addQuotaUsage, type Quota } from './queries.ts'

type Counted = QuotaUnit & { quota: Quota }

/** Counts the use of accounts without a limit, for which no request waits. A crash loses unwritten counts. */
export function createUnlimited(sql: Sql) {
  let units = new Map<string, Counted>()
  const { flush, inFlight } = createWriteBehind<Map<string, Counted>>({
    take() {
      const batch = units
      units = new Map()
      return batch.size > 0 ? [batch] : []
    },
    write: (batch) =>
      addQuotaUsage(
        sql,
        [...batch.values()].map(({ quota, spent }) => ({ ...quota, spent })),
      ),
    restore(batch) {
      for (const { quota, spent } of batch.values()) unitOf(quota).spent += spent
    },
  })

  function unitOf(quota: Quota): Counted {
    const key = keyOf(quota)
    const unit = units.get(key) ?? { quota, spent: 0 }
    units.set(key, unit)
    return unit
  }

  return {
    consume(quota: Quota): QuotaUnit {
      const unit = unitOf(quota)
      unit.spent++
      return unit
    },
    /** The units that the database may not show yet. */
    unflushed(quota: Quota): number {
      const key = keyOf(quota)
      return [units, ...inFlight()].reduce((sum, counted) => sum + (counted.get(key)?.spent ?? 0), 0)
    },
    /**
     * Writes all counts; failed ones are kept.
     * @returns whether anything is left to write @throws the database's error
     */
    flush,
  }
}
