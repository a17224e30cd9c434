import { BoundedMap } from '../async/bounded-map.ts'
import type { RecentChanges } from '../changes/recent-changes.ts'
import type { Sql } from '../db/types.ts'
import { keyOf } from './lease.ts'
import { findOwnLimit, type OwnLimit, type Quota } from './queries.ts'

/** Owners of so many teams are remembered: about 2 MB. */
const maxRemembered = 5_000

type Options = {
  sql: Sql
  /** The database's time in epoch milliseconds. */
  now: () => number
  recentChanges: Pick<RecentChanges, 'stateOf'>
  /** What was read may be used for an access token's life: RecentChanges remembers for 5 minutes more. */
  config: { accessTtlSeconds: number }
}

export type SharedLimits = ReturnType<typeof createSharedLimits>

/**
 * The limits that administrators set for owners of teams: they are the team's, and no member's token tells them. Read once, and
 * again when RecentChanges has a newer state of the owner, as API keys are.
 */
export function createSharedLimits({ sql, now, recentChanges, config }: Options) {
  const known = new BoundedMap<string, OwnLimit & { untilMs: number }>(maxRemembered)
  const reading = new Map<string, Promise<number | null>>()

  async function read(quota: Quota): Promise<number | null> {
    const untilMs = now() + config.accessTtlSeconds * 1000
    const found = await findOwnLimit(sql, quota)
    // Erased just now: the members hear of it in a moment, and nothing is granted in its name until then.
    if (!found) return null
    known.set(keyOf(quota), { ...found, untilMs: Math.min(untilMs, found.expiresAt?.getTime() ?? untilMs) })
    return found.limit
  }

  return {
    /** The limit that was set for the owner; null: the plan says it; undefined: it must be read. */
    recall(quota: Quota): number | null | undefined {
      const found = known.get(keyOf(quota))
      if (!found || now() >= found.untilMs) return undefined
      return (recentChanges.stateOf(quota.accountId)?.version ?? 0) <= found.version ? found.limit : undefined
    },
    /** The same from the database; whoever asks meanwhile shares the query. @throws AppError `database-unavailable` and the like */
    read(quota: Quota): Promise<number | null> {
      const key = keyOf(quota)
      const shared = reading.get(key) ?? read(quota).finally(() => reading.delete(key))
      reading.set(key, shared)
      return shared
    },
    /** Forgets everything, after the database was replaced. */
    forget: (): void => known.clear(),
  }
}
