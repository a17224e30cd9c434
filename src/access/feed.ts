import type { Sql } from '../db.ts'
import type { Logger } from '../logger.ts'
import type { AuthzChange, Overlay } from './overlay.ts'
import { listChangesSince, listRecentAuthzChanges } from './queries.ts'

const PollEveryMs = 2_000
/** Older than this, what administrators do is refused: their own rights may have changed unseen. */
const StaleAfterMs = 10_000

/** Calls `wake` whenever something was notified, and after each (re)connection. Returns what ends it. */
export type Listen = (wake: () => void) => { close(): Promise<void> }

export type Feed = ReturnType<typeof createFeed>

type Needs = {
  sql: Sql
  overlay: Overlay
  log: Logger
  now: () => number
  /** An access token's life in seconds: what is older than that and 5 minutes concerns no token any more. */
  lifeSeconds: number
  onCatalogueChange: (version: number) => Promise<void>
  /** Absent behind a pooler that passes no notifications. */
  listen?: Listen
}

/**
 * Brings the changes of other instances into this one's overlay: at once when PostgreSQL notifies, and by a poll every
 * 2 s, for notifications can be lost. The poll is exact: it reads every change of a transaction that the snapshot before
 * it could not see yet, however long that transaction took, so nothing depends on the order of commits.
 */
export function createFeed({ sql, overlay, log, now, lifeSeconds, onCatalogueChange, listen }: Needs) {
  let horizon: string | null = null
  let freshAt = Number.NEGATIVE_INFINITY
  let polling: Promise<void> | null = null
  let wanted = false
  let stopped = false
  let timer: Timer | undefined
  let listener: ReturnType<Listen> | undefined

  async function readOnce(): Promise<void> {
    const startedAt = performance.now()
    const { changes, xmin } =
      horizon === null ? await listRecentAuthzChanges(sql, lifeSeconds + 300) : await listChangesSince(sql, horizon)
    for (const change of changes) await take(change, horizon === null)
    horizon = xmin
    freshAt = startedAt
  }

  async function take(change: AuthzChange, atStart: boolean): Promise<void> {
    if (change.kind === 'catalogue') await onCatalogueChange(change.catalogueVersion ?? 0)
    // At the start an old change counts by its row's time, later ones from when they were first seen here.
    else overlay.apply(change, atStart ? change.at.getTime() : now())
  }

  /** Reads what is new; called while a read is under way, it reads once more after it. Never throws. */
  function poll(): Promise<void> {
    wanted = true
    polling ??= (async () => {
      while (wanted && !stopped) {
        wanted = false
        try {
          await readOnce()
        } catch (error) {
          log.warn({ err: error, ageMs: Math.round(age()) }, 'changes of authorisation could not be read; trying again')
          break
        }
      }
    })().finally(() => {
      polling = null
    })
    return polling
  }

  function age(): number {
    return performance.now() - freshAt
  }

  return {
    /** Reads what happened before, then follows. @throws the database's error when even the first read fails */
    async start(): Promise<void> {
      await readOnce()
      listener = listen?.(() => void poll())
      timer = setInterval(() => void poll(), PollEveryMs)
      timer.unref()
    },
    poll,
    /** Milliseconds since a successful read began. */
    ageMs: age,
    /** Whether this instance may have missed a change for too long. */
    isStale: (): boolean => age() > StaleAfterMs,
    async stop(): Promise<void> {
      stopped = true
      clearInterval(timer)
      await polling
      await listener?.close()
    },
  }
}
