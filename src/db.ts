import type postgres from 'postgres'
import { connect, type DatabaseOptions, listen } from './db-connect.ts'
import { isConnectionError, isRepeatable, neverRan, toAppError, wasLost } from './db-errors.ts'
import { createGate } from './db-gate.ts'
import { handlerOf, interceptStatements, isRead, type Query, repeatQuery } from './db-query.ts'
import { createRecovery } from './db-recovery.ts'
import { openTransaction } from './db-transaction.ts'
import { AppError } from './errors.ts'

export { isForeignKeyViolation, isLockTimeout, isUniqueViolation, neverSent, toAppError } from './db-errors.ts'
export { asPool } from './db-transaction.ts'

/** A pool or a transaction: what a query takes first. */
export type Db = postgres.ISql
/** A transaction. What is pushed to `committed` goes to the `onCommit` listeners once the commit succeeded. */
export type Tx = Db & {
  committed: unknown[]
  /** Work that is undone alone when it throws. */
  savepoint<T>(work: (tx: Tx) => Promise<T>): Promise<T>
}
/** The pool. `begin` may run its callback again after a deadlock or a serialisation failure: it must be repeatable. */
export type Sql = Db & { begin<T>(work: (tx: Tx) => Promise<T>): Promise<T> }
export type Database = ReturnType<typeof openDatabase>

/** An open pool as the rest of this layer sees it; it is replaced when the server stops answering. */
export type Pool = { client: postgres.Sql; handler: ReturnType<typeof handlerOf> }
type Listener = (items: unknown[]) => void

/** The server's own timeout comes first by this much, so a statement without an answer means a frozen server. */
const graceMs = 1000
const repeatLimit = 3

/**
 * The pool of connections behind one handle that stays valid while connections come and go. Connects when first used.
 * What leaves it is an AppError where the client can be told something (see db-errors.ts), else the driver's error.
 */
export function openDatabase(options: DatabaseOptions) {
  const { max, acquireTimeoutMs = 2000, queueLimit = 10 * max, onWarn } = options
  const deadlineMs = options.statementTimeoutMs + graceMs
  const gate = createGate({ max, queueLimit, waitMs: acquireTimeoutMs })
  const recovery = createRecovery({ connect: () => connect(options, 1), gate, onWarn })
  const commitListeners: Listener[] = []
  const counts = { queries: 0, slowQueries: 0, recycles: 0 }
  let pool = openPool()

  function openPool(): Pool {
    const client = connect(options, max)
    return { client, handler: handlerOf(client) }
  }

  /** Everything on a frozen connection is given up: once destroyed, the server rolls back what it thaws with. */
  function replace(target: Pool, reason: unknown): void {
    if (target !== pool) return
    pool = openPool()
    counts.recycles++
    void target.client.end({ timeout: 0 }).catch(() => {})
    recovery.suspect(reason)
  }

  /** @throws AppError `database-unavailable` when `answer` does not come in time; its pool is then gone */
  async function answered<T>(target: Pool, answer: PromiseLike<T>, text: () => string | undefined): Promise<T> {
    const start = performance.now()
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => {
      const error = new AppError('database-unavailable', { cause: new Error(`no answer within ${deadlineMs} ms`) })
      late.reject(error)
      replace(target, error)
    }, deadlineMs)
    try {
      return await Promise.race([answer, late.promise])
    } finally {
      clearTimeout(timer)
      const milliseconds = performance.now() - start
      if (milliseconds >= options.slowQueryMs) {
        counts.slowQueries++
        options.onSlow({ milliseconds: Math.round(milliseconds), statement: oneLine(text() ?? '') })
      }
    }
  }

  function execute(target: Pool, query: Query, handler: Pool['handler'], lost?: Promise<never>): Promise<unknown> {
    counts.queries++
    const sent = repeatQuery(query, handler)
    return answered(target, lost ? Promise.race([sent, lost]) : sent, () => sent.string)
  }

  /** Does `work` in its turn; once more if its connection failed and `mayRepeat` says that nothing can have happened. */
  async function admitted<T>(work: (target: Pool) => Promise<T>, mayRepeat: (error: unknown) => boolean): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      await gate.enter()
      const target = pool
      try {
        const value = await work(target)
        recovery.confirm()
        return value
      } catch (error) {
        if (isConnectionError(error) && target === pool) recovery.suspect(error)
        if (attempt === 2 || !mayRepeat(error)) throw error
      } finally {
        gate.leave()
      }
    }
  }

  async function runStatement(query: Query): Promise<unknown> {
    try {
      return await admitted(
        (target) => execute(target, query, target.handler),
        (error) => neverRan(error) || (wasLost(error) && isRead(query)),
      )
    } catch (error) {
      throw toAppError(error)
    }
  }

  async function begin<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let repeats = 0; ; repeats++) {
      let begun = false
      const start = (tx: Tx) => {
        begun = true
        return work(tx)
      }
      try {
        return await admitted(
          (target) => openTransaction({ target, answered, execute, onCommit, onUncertain: recovery.doubt }, start),
          (error) => !begun && (neverRan(error) || wasLost(error)),
        )
      } catch (error) {
        if (!isRepeatable(error) || repeats === repeatLimit) throw toAppError(error)
        await Bun.sleep(Math.random() * 20 * 2 ** repeats)
      }
    }
  }

  function onCommit(items: unknown[]): void {
    for (const listener of commitListeners) {
      try {
        listener(items)
      } catch (error) {
        onWarn('a commit listener failed', error)
      }
    }
  }

  const sql: Sql = interceptStatements(pool.client, runStatement, { begin })

  return {
    sql,
    /** @throws AppError `database-unavailable` unless the database answers within a second; waits for nobody's turn */
    ping: (): Promise<void> => recovery.ping(),
    /** What transactions pushed to `tx.committed`, after COMMIT succeeded and before `begin` resolves. */
    onCommit: (listener: Listener): void => void commitListeners.push(listener),
    /**
     * The same for commits whose answer was lost: they may have happened. Called when the database answers again, and
     * once more 2 s later, for a backend that froze may finish its commit after others answer.
     */
    onUncertainCommit: (listener: Listener): void => recovery.onDoubt(listener),
    /** Statements since the start (BEGIN, COMMIT and probes not counted), and who holds or awaits a connection now. */
    stats: () => ({ ...counts, ...gate.counts() }),
    listen: (channel: string, wake: () => void) => listen(options, channel, wake),
    /** Opens `min` connections. @throws AppError `database-unavailable` */
    async open(min: number): Promise<void> {
      const target = pool
      const answers = Array.from({ length: Math.min(min, max) }, () =>
        answered(target, target.client`select 1`, () => 'select 1'),
      )
      const failed = (await Promise.allSettled(answers)).find((answer) => answer.status === 'rejected')
      if (failed) throw toAppError(failed.reason)
    },
    /** Admits nobody more, lets what is under way end within `seconds`, and disconnects. */
    async close(seconds: number): Promise<void> {
      gate.close()
      recovery.close()
      const closing = pool.client.end({ timeout: seconds }).catch((error) => onWarn('the pool did not close', error))
      // The driver's own timeout does not always end it.
      const late = Promise.withResolvers<void>()
      const timer = setTimeout(late.resolve, seconds * 1000 + 500)
      await Promise.race([closing, late.promise])
      clearTimeout(timer)
    },
  }
}

function oneLine(statement: string): string {
  return statement.replace(/\s+/g, ' ').trim().slice(0, 2000)
}
