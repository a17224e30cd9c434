import type { Db } from './db.ts'

export type Clock = { now: () => number; measure: () => Promise<void> }

/**
 * The database's time in epoch milliseconds, from the process's own clock and the measured offset: what tokens are dated
 * and judged by, so that instances whose clocks disagree still agree with one another.
 */
export function createClock(sql: Db): Clock {
  let offsetMs = 0
  return {
    now: () => Date.now() + offsetMs,
    async measure() {
      const before = Date.now()
      const [row] = await sql<
        { milliseconds: number }[]
      >`select (extract(epoch from clock_timestamp()) * 1000)::float8 as milliseconds`
      const after = Date.now()
      if (row) offsetMs = row.milliseconds - (before + after) / 2
    },
  }
}
