import { withTimeout } from '../async/timeout.ts'
import { AppError } from '../errors/app-error.ts'
import type { Logger } from '../log/logger.ts'
import type { DatabaseOptions } from './connect.ts'
import { type Database, openDatabase } from './database.ts'
import type { Sql } from './types.ts'

export type Replica = ReturnType<typeof openReplica>

/** used: serves reads. behind: answers, but its data is too old. lost: does not answer, or its age is unknown. */
type ReplicaStatus = 'used' | 'behind' | 'lost'

type Options = {
  database: DatabaseOptions
  /** The primary. */
  sql: Sql
  log: Logger
  /** Whether the account wrote recently, on any instance; reads the primary. */
  hasWritten: (sql: Sql, accountId: string) => Promise<boolean>
}

const pollEveryMs = 1_000
const answerWithinMs = 1_000
/** The greatest age of data, in milliseconds, at which the replica is read. */
const maxAgeMs = 5_000

/**
 * Opens a streaming replica, for reads that may be a few seconds old. Its age is measured every second, by the WAL
 * position of the primary and the position that the replica has replayed: an idle primary does not look like lag, and a
 * replica that lost its primary does.
 */
export function openReplica({ database, sql, log, hasWritten }: Options) {
  const db: Database = openDatabase({ ...database, isStandby: true, acquireTimeoutMs: 500 })
  /** WAL positions of the primary by time, those that the replica has not replayed yet. */
  const positions: { at: number; lsn: bigint }[] = []
  let status: ReplicaStatus | null = null
  let freshAt = Number.NEGATIVE_INFINITY
  let answers = false
  let gone = Promise.withResolvers<never>()
  gone.promise.catch(() => {})
  let polling: Promise<void> | null = null
  let fallbacks = 0

  async function readPositions(): Promise<void> {
    const at = performance.now()
    const [primary] = await sql<{ lsn: string }[]>`select pg_current_wal_lsn()::text as lsn`
    if (primary) positions.push({ at, lsn: toNumber(primary.lsn) })
    const [replica] = await db.sql<{ lsn: string | null }[]>`
      select case when pg_is_in_recovery() then pg_last_wal_replay_lsn()::text end as lsn`
    if (!replica?.lsn) throw new Error('it is no replica, or does not tell its replay position')
    const replayed = toNumber(replica.lsn)
    while (positions[0] && positions[0].lsn <= replayed) freshAt = positions.shift()?.at ?? freshAt
    // Dropping the oldest position only makes the replica look older.
    while (positions.length > 60) positions.shift()
  }

  async function poll(): Promise<void> {
    try {
      await withTimeout(readPositions(), answerWithinMs, () => {
        throw new Error(`no answer within ${answerWithinMs} ms`)
      })
      answers = true
      logStatus(null)
    } catch (error) {
      lose(error)
    } finally {
      polling = null
    }
  }

  /** Sends running reads to the primary at once. */
  function lose(error: unknown): void {
    answers = false
    gone.reject(error)
    gone = Promise.withResolvers()
    gone.promise.catch(() => {})
    logStatus(error)
  }

  function currentStatus(): ReplicaStatus {
    if (!answers) return 'lost'
    return performance.now() - freshAt < maxAgeMs ? 'used' : 'behind'
  }

  /** Logs each change of status once. */
  function logStatus(error: unknown): void {
    const now = currentStatus()
    if (now === status) return
    status = now
    if (now === 'used') log.info('the replica serves lists, search and analytics')
    else log.warn({ err: error, replica: now }, 'the replica is not usable: all reads go to the primary')
  }

  const timer = setInterval(() => (polling ??= poll()), pollEveryMs)
  timer.unref()
  polling = poll()

  return {
    /**
     * Runs read-only work on the replica, unless that is not usable, or the account wrote recently and would not see
     * its own change. Work that fails there is repeated on the primary.
     */
    async read<T>(accountId: string, work: (sql: Sql) => Promise<T>, primary: Sql = sql): Promise<T> {
      if (currentStatus() !== 'used' || (await hasWritten(primary, accountId))) return work(primary)
      const working = work(db.as({ key: accountId, isAccount: true, admitted: false }))
      // It may fail after its result is no longer awaited: not an unhandled rejection.
      working.catch(() => {})
      try {
        return await Promise.race([working, gone.promise])
      } catch (error) {
        // A statement too slow for the replica is too slow for the primary.
        if (error instanceof AppError && error.code === 'deadline-exceeded') throw error
        fallbacks++
        if (error instanceof AppError) lose(error)
        return work(primary)
      }
    },
    status: currentStatus,
    /** The greatest age of its data, in milliseconds; infinite while unknown. */
    ageMs: (): number => performance.now() - freshAt,
    /** Reads that failed there and were repeated on the primary. */
    fallbacks: (): number => fallbacks,
    async close(seconds: number): Promise<void> {
      clearInterval(timer)
      await Promise.all([polling, db.close(seconds)])
    },
  }
}

/**
 * Runs read-only work that may see data some seconds old: on the replica, if there is a usable one. For administrators'
 * lists, search and analytics; never for the catalogue, the feed or claims.
 */
export function readFromReplica<T>(
  { replica, sql }: { replica: Replica | null; sql: Sql },
  accountId: string,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  return replica ? replica.read(accountId, work, sql) : work(sql)
}

/** A WAL position (`pg_lsn`), such as `16/B374D848`. */
function toNumber(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/')
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}
