import type { AuthzChange } from '../access/authz-change.ts'
import type { Logger } from '../log/logger.ts'
import type { FeedConnection } from './connection.ts'
import { type FeedPosition, listAuthzChanges } from './queries.ts'
import type { RecentChanges } from './recent-changes.ts'

const pollEveryMs = 2_000
/** The pause after a failed read; a change applies within 3 s. */
const retryMs = 300
/** Older reads are stale: administration is refused, because the administrator's own rights may have changed. */
const staleAfterMs = 10_000
/** pollSoon() does nothing while the last read is younger than this. */
const pollSoonAfterMs = 100
/** A change that a poll found must be notified within this time; otherwise the listening connection counts as dead. */
const notifiedWithinMs = 1_000

/** Calls `wake` at each notification, and after each (re)connection. Returns a function that stops listening. */
type Listen = (wake: () => void) => { close(): Promise<void> }

export type Feed = ReturnType<typeof createFeed>

type Options = {
  connection: Pick<FeedConnection, 'read'>
  recentChanges: RecentChanges
  log: Logger
  /** Lifetime of an access token in seconds: changes older than that and 5 minutes concern no token. */
  lifeSeconds: number
  /** Called with the newest version of the catalogue that was read. */
  onCatalogue: (version: number) => Promise<void>
  /** Called when the database restarted or is another one: what was read before may have been lost. */
  onOtherServer: () => Promise<void>
  /** The database's time, which was read between the two moments of `performance.now()`. */
  onTime: (databaseMs: number, askedAt: number, answeredAt: number) => void
  /** Absent behind a pooler that passes on no notifications. */
  listen?: Listen
}

/**
 * Applies the changes of other instances to this one's RecentChanges: at once when PostgreSQL notifies, and by a poll
 * every 2 s, because notifications can be lost.
 */
export function createFeed(options: Options) {
  const { recentChanges, log, listen } = options
  const lifeSeconds = options.lifeSeconds + 300
  let position: FeedPosition | null = null
  let fresh = { at: Number.NEGATIVE_INFINITY, wallClock: Number.NEGATIVE_INFINITY }
  let heardAt = Number.NEGATIVE_INFINITY
  let polling: Promise<void> | null = null
  let wanted = false
  let failing = false
  let stopped = false
  let timer: Timer | undefined
  let retry: Timer | undefined
  let listener: ReturnType<Listen> | undefined

  async function readOnce(): Promise<void> {
    const began = { at: performance.now(), wallClock: Date.now() }
    let found = await read(position)
    const isOther = position !== null && position.server !== found.position.server
    if (isOther) {
      found = await read(null)
      await options.onOtherServer()
      recentChanges.clear()
      // Read again: changes that this instance committed since that read were cleared with the rest.
      wanted = true
    }
    const readAt = performance.now()
    // The age of a change read at the start is that of its row; otherwise it is counted from when the change was first
    // read.
    const seenAt = ({ at }: AuthzChange) =>
      position && !isOther ? readAt : readAt - (found.position.at - at.getTime())
    for (const change of found.changes) recentChanges.apply(change, seenAt(change))
    const edits = found.changes.map(({ catalogueVersion }) => catalogueVersion ?? 0)
    await options.onCatalogue(Math.max(0, ...edits))
    if (position && !isOther && found.changes.length > 0) expectNotice(fresh.at)
    position = found.position
    fresh = began
  }

  async function read(from: FeedPosition | null): Promise<{ changes: AuthzChange[]; position: FeedPosition }> {
    return options.connection.read(async (sql) => {
      const askedAt = performance.now()
      const found = await listAuthzChanges(sql, from, lifeSeconds)
      options.onTime(found.position.at, askedAt, performance.now())
      return found
    })
  }

  /** Reads new changes. A call during a read makes it read once more. Never throws. */
  function poll(): Promise<void> {
    wanted = true
    polling ??= readWhileWanted()
    return polling
  }

  async function readWhileWanted(): Promise<void> {
    clearTimeout(retry)
    try {
      while (wanted && !stopped) {
        wanted = false
        await readOnce()
        if (failing) log.info('changes of authorisation are read again')
        failing = false
      }
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'changes of authorisation could not be read; trying again')
      failing = true
      retry = setTimeout(() => void poll(), retryMs * (0.5 + Math.random()))
      retry.unref()
    } finally {
      // Cleared here and not in a later turn of the event loop: a poll requested from now on must begin a new read.
      polling = null
    }
  }

  function wake(): void {
    heardAt = performance.now()
    void poll()
  }

  /**
   * Replaces the listening connection unless a change that was committed after `since` is notified: a dead connection
   * may show no error.
   */
  function expectNotice(since: number): void {
    if (heardAt >= since) return
    const notice = setTimeout(() => {
      if (!listener || stopped || heardAt >= since) return
      log.warn('a change was not notified; listening anew')
      void listener.close()
      listener = listen?.(wake)
    }, notifiedWithinMs)
    notice.unref()
  }

  /** The greater age by two clocks: the monotonic one stops while a virtual machine is suspended. */
  function age(): number {
    return Math.max(performance.now() - fresh.at, Date.now() - fresh.wallClock)
  }

  return {
    /** Reads earlier changes, then follows new ones. @throws the database's error when the first read fails */
    async start(): Promise<void> {
      await readOnce()
      listener = listen?.(wake)
      timer = setInterval(() => void poll(), pollEveryMs)
      timer.unref()
    },
    poll,
    /**
     * Polls now, because a token is newer than what was read. The rate is bounded: after a restore of the database
     * every request would show such a token.
     */
    pollSoon(): void {
      if (age() > pollSoonAfterMs) void poll()
    },
    /** Milliseconds since a successful read began. */
    ageMs: age,
    /** Whether the last successful read is too old to rely on. */
    isStale: (): boolean => age() > staleAfterMs,
    async stop(): Promise<void> {
      stopped = true
      clearInterval(timer)
      clearTimeout(retry)
      await polling
      await listener?.close()
    },
  }
}
