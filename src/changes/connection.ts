import { withTimeout } from '../async/timeout.ts'
import type { Database } from '../db/database.ts'
import type { Sql } from '../db/types.ts'

/** A connection may be dead without any sign of it: a read that has no answer by then is repeated on a new one beside it. */
const waitMs = 600

export type FeedConnection = ReturnType<typeof createFeedConnection>

/**
 * The feed's own way to the database: changes of rights must be obeyed however busy the pool is, and within 3 s even
 * when the connection was forgotten by a firewall on the way, which no deadline of a statement would tell in time.
 */
export function createFeedConnection(open: () => Database) {
  let current = open()

  async function readAnew<T>(reading: Promise<T>, work: (sql: Sql) => Promise<T>): Promise<T> {
    const old = current
    const fresh = open()
    const winner = (answer: T, by: Database) => ({ answer, by })
    try {
      const { answer, by } = await Promise.any([
        reading.then((found) => winner(found, old)),
        work(fresh.sql).then((found) => winner(found, fresh)),
      ])
      current = by
      return answer
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error
    } finally {
      void (current === fresh ? old : fresh).close(0)
    }
  }

  return {
    /** Connects; else the first read does. @throws AppError `database-unavailable` */
    open: (): Promise<void> => current.open(1),
    /** @throws what `work` throws, from the connection asked first when both fail */
    async read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
      const reading = work(current.sql)
      return withTimeout(reading, waitMs, () => readAnew(reading, work))
    },
    listen: (wakes: Record<string, () => void>) => current.listen(wakes),
    close: (seconds: number): Promise<void> => current.close(seconds),
  }
}
