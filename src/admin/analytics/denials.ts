import type { Principal } from '../../access/principal.ts'
import { createWriteBehind } from '../../async/write-behind.ts'
import { readFromReplica } from '../../db/replica.ts'
import type { Sql } from '../../db/types.ts'
import type { Logger } from '../../log/logger.ts'
import type { AdminDeps } from '../deps.ts'
import { addDenials, type Denials, listDenialsByDay, listDeniedFeatures } from './denial-queries.ts'
import type { Range } from './queries.ts'

const flushEveryMs = 5_000
/** The most features that an answer lists; the sums of the days count all. */
const maxFeatures = 50
/** Bounds memory while the database cannot be reached: features of the catalogue, over days. */
const maxCounters = 10_000

type Options = { sql: Sql; log: Logger; now: () => number }

export type DenialCounter = ReturnType<typeof createDenialCounter>

/**
 * Counts in memory which features were missing, by day (UTC, of the database's clock), and writes the counts in one
 * statement every 5 s: a denial costs no query. A crash loses at most what was not written yet. Where the answer to a
 * commit is lost, a batch may count twice.
 */
export function createDenialCounter({ sql, log, now }: Options) {
  let counters = new Map<string, Denials>()

  function add({ day, feature, denials }: Denials): void {
    const key = `${day} ${feature}`
    const counter = counters.get(key)
    if (counter) counter.denials += denials
    else if (counters.size < maxCounters) counters.set(key, { day, feature, denials })
  }

  const writeBehind = createWriteBehind<Denials[]>({
    everyMs: flushEveryMs,
    take() {
      const rows = [...counters.values()]
      counters = new Map()
      return rows.length > 0 ? [rows] : []
    },
    write: (rows) => addDenials(sql, rows),
    restore: (rows) => rows.forEach(add),
    onError: (error) => log.warn({ err: error }, 'denials could not be flushed; they are kept and retried'),
  })

  return {
    /** Counts a denial once for each feature that it names. */
    count(features: readonly string[]): void {
      if (features.length === 0) return
      const day = new Date(now()).toISOString().slice(0, 10)
      for (const feature of features) add({ day, feature, denials: 1 })
    },
    /** Writes what was counted; what fails is retried at the next write. Never throws. */
    flush: async (): Promise<void> => void (await writeBehind.flush()),
    /** Writes the remaining counts and stops. */
    close: writeBehind.close,
  }
}

/** How often each feature was missing. Writes this instance's counts first; those of others are at most 5 s old. */
export async function readDenials(deps: AdminDeps, { accountId }: Principal, range: Range) {
  await deps.denials.flush()
  return readFromReplica(deps, accountId, async (sql) => {
    const features = await listDeniedFeatures(sql, range, maxFeatures)
    const days = await listDenialsByDay(
      sql,
      range,
      features.map(({ feature }) => feature),
    )
    return { ...range, features, days }
  })
}
