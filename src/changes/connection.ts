import type { Database } from '../db/database.ts'
import type { Sql } from '../db/types.ts'

/** A connection may die without a word. A read without an answer for so long is asked again beside it, on a new one. */
const PatienceMs = 600

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
    /** @throws what `work` throws, from the connection asked first when both fail */
    async read<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
      const reading = work(current.sql)
      const late = Promise.withResolvers<'late'>()
      const patience = setTimeout(() => late.resolve('late'), PatienceMs)
      try {
        const first = await Promise.race([reading.then((answer) => ({ answer })), late.promise])
        return first === 'late' ? await readAnew(reading, work) : first.answer
      } finally {
        clearTimeout(patience)
      }
    },
    listen: (channel: string, wake: () => void) => current.listen(channel, wake),
    close: (seconds: number): Promise<void> => current.close(seconds),
  }
}
