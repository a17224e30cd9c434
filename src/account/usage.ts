import { createWriteBehind } from '../async/write-behind.ts'
import type { Db, Sql } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'

/** Counters (account and route) of one batch, and of all batches while the database cannot be reached: bounds of memory. */
const maxCounters = 20_000
const maxWaiting = 400_000
/** Counters of one statement: few enough that building it does not block the event loop. */
const maxWritten = 1_000
const flushEveryMs = 5_000
/** A write is delayed the longer, the more counters there are, so that this many are written per second on average. */
const countersPerSecond = 200
/** The longest delay of a write, and so the most that a crash loses. */
const maxMs = 30_000
/** Offsets of time zones are multiples of 15 minutes, so every local midnight is such a moment. */
const midnightEveryMs = 15 * 60_000

type Options = {
  sql: Sql
  log: Logger
  /** The database's time in epoch milliseconds. */
  now: () => number
}

type Routes = Map<string, number>
type Batch = { begunAt: number; counters: Map<string, Routes> }

export type UsageCounter = ReturnType<typeof createUsageCounter>

/**
 * Counts authorised requests per account, day (of the person's time zone) and route in memory, and writes them to usage_daily
 * after 5 s, or after up to 30 s where there is much to write: a request costs no query. A crash loses at most what was not
 * written yet.
 */
export function createUsageCounter({ sql, now, log }: Options) {
  let counters = new Map<string, Routes>()
  let size = 0
  let begunAt = 0
  let endsAt = 0
  /** Batches that wait to be written: each ends where a day may end in some time zone. Also batches whose write failed. */
  let waiting: Batch[] = []
  const isTime = createPace()
  const writeBehind = createWriteBehind<Batch>({
    everyMs: flushEveryMs,
    isDue: () => isTime(size + waiting.reduce((sum, batch) => sum + countersOf(batch), 0)),
    take() {
      closeBatch()
      const batches = waiting
      waiting = []
      return batches
    },
    write: (batch) => writeBatch(sql, batch),
    restore(batch) {
      const kept = waiting.reduce((sum, other) => sum + countersOf(other), 0)
      if (kept + countersOf(batch) <= maxWaiting) waiting.push(batch)
    },
    onError: (error) => log.warn({ err: error }, 'usage could not be flushed; it is kept and retried'),
  })

  function closeBatch(): void {
    if (size > 0) waiting.push({ begunAt, counters })
    counters = new Map()
    size = 0
    begunAt = now()
    endsAt = Math.floor(begunAt / midnightEveryMs) * midnightEveryMs + midnightEveryMs
  }

  /** Removes an account's counters from every batch, and returns them. */
  function takeOwn(accountId: string): Batch[] {
    const current = { begunAt, counters }
    const own = [...waiting, current].flatMap((batch) => {
      const routes = batch.counters.get(accountId)
      if (!routes?.size) return []
      batch.counters.delete(accountId)
      if (batch === current) size -= routes.size
      return [{ begunAt: batch.begunAt, counters: new Map([[accountId, routes]]) }]
    })
    waiting = waiting.filter((batch) => batch.counters.size > 0)
    return own
  }

  return {
    count(accountId: string, route: string): void {
      if (size === 0 || now() >= endsAt || size >= maxCounters) closeBatch()
      let routes = counters.get(accountId)
      if (!routes) {
        routes = new Map()
        counters.set(accountId, routes)
      }
      const requests = routes.get(route) ?? 0
      if (requests === 0) size++
      routes.set(route, requests + 1)
    },
    /** Writes what was counted; what fails is kept for the next time. Never throws. */
    flush: async (): Promise<void> => void (await writeBehind.flush()),
    /** Writes what was counted of one account, before it is read. Never throws. */
    flushOf: async (accountId: string): Promise<void> => void (await writeBehind.flush(takeOwn(accountId))),
    /** Writes what is left and stops. */
    close: writeBehind.close,
  }
}

/** @returns a function to call every 5 s, with the number of counters: whether they are to be written now */
export function createPace(): (counters: number) => boolean {
  let waitedMs = 0
  return (counters) => {
    waitedMs += flushEveryMs
    if (waitedMs < Math.min((counters / countersPerSecond) * 1000, maxMs)) return false
    waitedMs = 0
    return true
  }
}

function countersOf({ counters }: Batch): number {
  let sum = 0
  for (const routes of counters.values()) sum += routes.size
  return sum
}

/** Writes a batch in several statements, and removes what is written. @throws the error of the first statement that fails */
async function writeBatch(sql: Db, { begunAt, counters }: Batch): Promise<void> {
  while (counters.size > 0) {
    const written: string[] = []
    const rows: Row[] = []
    for (const [accountId, routes] of counters) {
      if (rows.length >= maxWritten) break
      written.push(accountId)
      for (const [route, requests] of routes) rows.push({ accountId, route, requests })
    }
    await insertUsage(sql, new Date(begunAt), rows)
    for (const accountId of written) counters.delete(accountId)
  }
}

type Row = { accountId: string; route: string; requests: number }

/**
 * Adds rows to usage_daily, to the day in each person's time zone. Erased accounts are left out: `for key share` waits only for a
 * concurrent erasure. Ordered by key, which prevents deadlocks between instances.
 */
async function insertUsage(sql: Db, at: Date, rows: Row[]): Promise<void> {
  rows.sort((a, b) => compare(a.accountId, b.accountId) || compare(a.route, b.route))
  await sql`
    insert into usage_daily as u (account_id, day, route, requests)
    select v.account_id, case a.timezone when 'UTC' then ${at.toISOString().slice(0, 10)}::date else local_day(${at}::timestamptz, a.timezone) end,
           v.route, v.requests
      from unnest(${rows.map(({ accountId }) => accountId)}::uuid[], ${rows.map(({ route }) => route)}::text[],
                  ${rows.map(({ requests }) => requests)}::bigint[]) v (account_id, route, requests)
      join user_accounts a on a.id = v.account_id and a.status <> 'deleted' for key share of a
    on conflict (account_id, day, route) do update set requests = u.requests + excluded.requests`
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
