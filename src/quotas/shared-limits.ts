import { BoundedMap } from '../async/bounded-map.ts'
import type { RecentChanges } from '../changes/recent-changes.ts'
import type { Sql } from '../db/types.ts'
import { keyOf } from './lease.ts'
import { findOwnLimit, type OwnLimit, type Quota } from './queries.ts'

/** The most owners of teams in the cache: about 2 MB. */
const maxRemembered = 5_000

type Options = {
  sql: Sql
  /** The database's time in epoch milliseconds. */
  now: () => number
  recentChanges: Pick<RecentChanges, 'stateOf'>
  /** A cached limit is valid for the lifetime of an access token: RecentChanges holds changes for 5 minutes longer. */
  config: { accessTtlSeconds: number }
}

export type SharedLimits = ReturnType<typeof createSharedLimits>

/**
 * Limits that administrators set for owners of teams. They apply to the team, and the tokens of members do not have
 * them. Read once, and again when RecentChanges has a newer state of the owner, as for API keys.
 */
export function createSharedLimits({ sql, now, recentChanges, config }: Options) {
  const known = new BoundedMap<string, OwnLimit & { untilMs: number }>(maxRemembered)
  const reading = new Map<string, Promise<number | null>>()

  async function read(quota: Quota): Promise<number | null> {
    const untilMs = now() + config.accessTtlSeconds * 1000
    const found = await findOwnLimit(sql, quota)
    // The owner was just erased: the members' tokens follow soon, and nothing is granted until then.
    if (!found) return null
    known.set(keyOf(quota), { ...found, untilMs: Math.min(untilMs, found.expiresAt?.getTime() ?? untilMs) })
    return found.limit
  }

  return {
    /** The limit that was set for the owner, from the cache; null: the plan's applies; undefined: it must be read. */
    findCached(quota: Quota): number | null | undefined {
      const found = known.get(keyOf(quota))
      if (!found || now() >= found.untilMs) return undefined
      return (recentChanges.stateOf(quota.accountId)?.version ?? 0) <= found.version ? found.limit : undefined
    },
    /**
     * The limit from the database; concurrent calls share the query. @throws AppError `database-unavailable` and the
     * like
     */
    read(quota: Quota): Promise<number | null> {
      const key = keyOf(quota)
      const shared = reading.get(key) ?? read(quota).finally(() => reading.delete(key))
      reading.set(key, shared)
      return shared
    },
    /** Clears the cache, after the database was replaced. */
    clear: (): void => known.clear(),
  }
}
