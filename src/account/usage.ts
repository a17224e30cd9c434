import { createWriteBehind } from '../async/write-behind.ts'
import type { Db, Sql } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'

/** Bounds of memory: counters of one batch, and batches kept while the database is out of reach. */
const maxCounters = 20_000
const maxWaiting = 20
const flushEveryMs = 5_000
/** Time zones differ by quarters of an hour, so days begin at quarters only. */
const midnightEveryMs = 15 * 60_000

type Options = {
  sql: Sql
  log: Logger
  /** The database's time in epoch milliseconds. */
  now: () => number
}

export type UsageCounter = ReturnType<typeof createUsageCounter>

/**
 * Counts authorised requests per account, day (of the person's time zone) and route in memory, and writes them to usage_daily in one
 * statement every 5 s: a request costs no query. A crash loses at most what was not written yet.
 */
export function createUsageCounter({ sql, now, log }: Options) {
  let counters = new Map<string, Map<string, number>>()
  let size = 0
  let begunAt = 0
  let endsAt = 0
  /** Batches that wait to be written: those before a day may have ended, and those whose writing failed. */
  let waiting: Batch[] = []
  const writeBehind = createWriteBehind<Batch>({
    everyMs: flushEveryMs,
    take() {
      closeBatch()
      const batches = waiting
      waiting = []
      return batches
    },
    write: (batch) => insertUsage(sql, batch),
    restore(batch) {
      if (waiting.length < maxWaiting) waiting.push(batch)
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
    /** Writes what is left and stops. */
    close: writeBehind.close,
  }
}

type Batch = { begunAt: number; counters: Map<string, Map<string, number>> }

/**
 * Adds a batch to usage_daily, to the day in each person's time zone. Erased accounts are left out: `for key share` waits for a
 * concurrent erasure, and for nothing else. Ordered by key, which prevents deadlocks between instances.
 */
async function insertUsage(sql: Db, { begunAt, counters }: Batch): Promise<void> {
  const rows = [...counters].flatMap(([accountId, routes]) =>
    [...routes].map(([route, requests]) => ({ accountId, route, requests })),
  )
  rows.sort((a, b) => compare(a.accountId, b.accountId) || compare(a.route, b.route))
  const at = new Date(begunAt)
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
