import { withTimeout } from '../async/timeout.ts'
import { AppError } from '../errors/app-error.ts'
import type { Logger } from '../log/logger.ts'
import type { DatabaseOptions } from './connect.ts'
import { type Database, openDatabase } from './database.ts'
import type { Sql } from './types.ts'

export type Replica = ReturnType<typeof openReplica>

/** used: it serves reads. behind: it answers, but is too old. lost: it does not answer, or does not say how old it is. */
export type ReplicaStatus = 'used' | 'behind' | 'lost'

type Needs = {
  database: DatabaseOptions
  /** The primary. */
  sql: Sql
  log: Logger
  /** Whether the account changed anything lately, on whatever instance; the primary knows. */
  hasWritten: (sql: Sql, accountId: string) => Promise<boolean>
}

const askEveryMs = 1_000
const answerWithinMs = 1_000
/** Older than this, nothing is read from it. */
const maxAgeMs = 5_000

/**
 * A streaming replica, for reads that may be a few seconds old. It is known how old it is: every second the primary is
 * asked how far its log is, and the replica how far it has replayed it, so an idle primary does not look like a lag, and
 * a replica that lost its primary does.
 */
export function openReplica({ database, sql, log, hasWritten }: Needs) {
  const db: Database = openDatabase({ ...database, isStandby: true, acquireTimeoutMs: 500 })
  /** How far the primary's log was when; what the replica has not replayed yet, and the last that it has. */
  const positions: { at: number; lsn: bigint }[] = []
  let status: ReplicaStatus | null = null
  let freshAt = Number.NEGATIVE_INFINITY
  let answers = false
  let gone = Promise.withResolvers<never>()
  gone.promise.catch(() => {})
  let asking: Promise<void> | null = null
  let fallbacks = 0

  async function readPositions(): Promise<void> {
    const at = performance.now()
    const [primary] = await sql<{ lsn: string }[]>`select pg_current_wal_lsn()::text as lsn`
    if (primary) positions.push({ at, lsn: toNumber(primary.lsn) })
    const [replica] = await db.sql<{ lsn: string | null }[]>`
      select case when pg_is_in_recovery() then pg_last_wal_replay_lsn()::text end as lsn`
    if (!replica?.lsn) throw new Error('it is no replica, or does not say how far it is')
    const replayed = toNumber(replica.lsn)
    while (positions[0] && positions[0].lsn <= replayed) freshAt = positions.shift()?.at ?? freshAt
    // Of those it has yet to reach the oldest matter least: without them it merely looks older.
    while (positions.length > 60) positions.shift()
  }

  async function ask(): Promise<void> {
    try {
      await withTimeout(readPositions(), answerWithinMs, () => {
        throw new Error(`no answer within ${answerWithinMs} ms`)
      })
      answers = true
      tell(null)
    } catch (error) {
      lose(error)
    } finally {
      asking = null
    }
  }

  /** Whoever reads from it now goes to the primary at once. */
  function lose(error: unknown): void {
    answers = false
    gone.reject(error)
    gone = Promise.withResolvers()
    gone.promise.catch(() => {})
    tell(error)
  }

  function judge(): ReplicaStatus {
    if (!answers) return 'lost'
    return performance.now() - freshAt < maxAgeMs ? 'used' : 'behind'
  }

  /** Each change of state once. */
  function tell(error: unknown): void {
    const now = judge()
    if (now === status) return
    status = now
    if (now === 'used') log.info('the replica serves lists, search and analytics')
    else log.warn({ err: error, replica: now }, 'the replica is not fit: all reads go to the primary')
  }

  const timer = setInterval(() => (asking ??= ask()), askEveryMs)
  timer.unref()
  asking = ask()

  return {
    /**
     * Does read-only work where it may be done: on the replica, unless that is unfit or the account that reads changed
     * something lately and would miss it. What fails there is done again on the primary.
     */
    async read<T>(accountId: string, work: (sql: Sql) => Promise<T>, primary: Sql = sql): Promise<T> {
      if (judge() !== 'used' || (await hasWritten(primary, accountId))) return work(primary)
      const working = work(db.as({ key: accountId, isAccount: true, admitted: false }))
      // Given up on, it may still fail, and nobody waits for it then.
      working.catch(() => {})
      try {
        return await Promise.race([working, gone.promise])
      } catch (error) {
        // It took too long there, and would here.
        if (error instanceof AppError && error.code === 'deadline-exceeded') throw error
        fallbacks++
        if (error instanceof AppError) lose(error)
        return work(primary)
      }
    },
    status: judge,
    /** How old what is read from it is at most, in milliseconds; infinite while nobody knows. */
    ageMs: (): number => performance.now() - freshAt,
    /** Reads that failed there and were done on the primary. */
    fallbacks: (): number => fallbacks,
    async close(seconds: number): Promise<void> {
      clearInterval(timer)
      await Promise.all([asking, db.close(seconds)])
    },
  }
}

/**
 * Does read-only work of an account where it may be some seconds old: on the replica, if there is one and it is fit. For
 * administrators' lists, search and analytics; never for the catalogue, the feed or claims.
 */
export function readFromReplica<T>(
  { replica, sql }: { replica: Replica | null; sql: Sql },
  accountId: string,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  return replica ? replica.read(accountId, work, sql) : work(sql)
}

/** A position in the log, such as `16/B374D848`. */
function toNumber(lsn: string): bigint {
  const [high = '0', low = '0'] = lsn.split('/')
  return (BigInt(`0x${high}`) << 32n) | BigInt(`0x${low}`)
}
