import type { Deps } from '../deps.ts'
import type { Db } from '../db.ts'
import type { Logger } from '../logger.ts'

/** Counters held before a settlement is forced early. */
const MaxCounters = 20_000
const SettleEveryMs = 5_000

export type UsageCounter = ReturnType<typeof createUsageCounter>

/**
 * Counts authorised requests per account, day (UTC) and route in memory, and settles them into usage_daily in one
 * statement every 5 s: a request costs no query. A crash loses at most what was not settled yet.
 */
export function createUsageCounter({ sql, now, log }: Pick<Deps, 'sql' | 'now'> & { log: Logger }) {
  let counters = new Map<string, number>()
  let settling: Promise<void> | null = null
  let day = { startsAt: 0, endsAt: 0, text: '' }
  const timer = setInterval(() => void settle(), SettleEveryMs)
  timer.unref()

  function today(): string {
    const nowMs = now()
    if (nowMs >= day.endsAt || nowMs < day.startsAt) {
      const startsAt = Math.floor(nowMs / 86_400_000) * 86_400_000
      day = { startsAt, endsAt: startsAt + 86_400_000, text: new Date(startsAt).toISOString().slice(0, 10) }
    }
    return day.text
  }

  /** Writes what was counted; on failure it is kept for the next time. Never throws. */
  async function settle(): Promise<void> {
    if (settling) return settling
    if (counters.size === 0) return
    const batch = counters
    counters = new Map()
    settling = insertUsage(sql, batch)
      .catch((error) => {
        for (const [key, requests] of batch) if (counters.size < MaxCounters) counters.set(key, (counters.get(key) ?? 0) + requests)
        log.warn({ err: error }, 'usage could not be settled; it is kept and tried again')
      })
      .finally(() => {
        settling = null
      })
    return settling
  }

  return {
    count(accountId: string, route: string): void {
      const key = `${accountId} ${today()} ${route}`
      counters.set(key, (counters.get(key) ?? 0) + 1)
      if (counters.size >= MaxCounters) void settle()
    },
    settle,
    /** Settles what is left and stops. */
    async close(): Promise<void> {
      clearInterval(timer)
      await settling
      await settle()
    },
  }
}

/** Adds a batch; accounts that were erased meanwhile are left out. Ordered by key, so that two instances never deadlock. */
async function insertUsage(sql: Db, batch: Map<string, number>): Promise<void> {
  const rows = [...batch].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, requests]) => ({ parts: key.split(' '), requests }))
  await sql`
    insert into usage_daily as u (account_id, day, route, requests)
    select v.account_id, v.day, v.route, v.requests
      from unnest(${rows.map(({ parts }) => parts[0] ?? '')}::uuid[], ${rows.map(({ parts }) => parts[1] ?? '')}::date[],
                  ${rows.map(({ parts }) => parts[2] ?? '')}::text[], ${rows.map(({ requests }) => requests)}::bigint[]) v (account_id, day, route, requests)
      join user_accounts a on a.id = v.account_id and a.status <> 'deleted'
    on conflict (account_id, day, route) do update set requests = u.requests + excluded.requests`
}
