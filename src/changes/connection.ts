import { withTimeout } from '../async/timeout.ts'
import type { Database } from '../db/database.ts'
import type { Sql } from '../db/types.ts'

/** A dead connection may show no error: a read without an answer after this time is repeated on a second connection. */
const waitMs = 600

export type FeedConnection = ReturnType<typeof createFeedConnection>

/**
 * The feed's own database connection: changes of rights must arrive however busy the pool is, and within 3 s even when
 * a firewall has silently dropped the connection, which no statement timeout would detect in time.
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
    /** Connects; otherwise the first read does. @throws AppError `database-unavailable` */
    open: (): Promise<void> => current.open(1),
    /** @throws the error of `work`; when both connections fail, that of the first */
    async read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
      const reading = work(current.sql)
      return withTimeout(reading, waitMs, () => readAnew(reading, work))
    },
    listen: (wakes: Record<string, () => void>) => current.listen(wakes),
    close: (seconds: number): Promise<void> => current.close(seconds),
  }
}
