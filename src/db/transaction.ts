import type postgres from 'postgres'
import { AppError } from '../errors/app-error.ts'
import { isConnectionError } from './errors.ts'
import type { Slot } from './slots.ts'
import { interceptStatements, type Query } from './statement.ts'
import type { Sql, Tx } from './types.ts'

type Tools = {
  slot: Slot
  answered: <T>(slot: Slot, answer: PromiseLike<T>, text: string) => Promise<T>
  execute: (slot: Slot, query: Query, handler: Slot['handler'], lost: Promise<never>) => Promise<unknown>
  /** Whether the client of the request has disconnected. */
  isAbandoned: () => boolean
  /** Called when the first statement, and BEGIN before it, was answered. */
  onBegun: () => void
  onCommit: (items: unknown[]) => void
  onUncertain: (items: unknown[], reason: unknown) => void
}

/**
 * Runs one transaction on one connection: BEGIN, `work`, COMMIT, each statement with its own deadline. BEGIN is sent in
 * front of the first statement, in one batch, and takes no round trip: if it fails, the server skips the statement.
 * Rolls back when `work` throws, or when the client has disconnected by its end. After the connection is lost nothing
 * is sent, not even ROLLBACK: the driver would send it on a new connection.
 */
export async function openTransaction<T>(
  { slot, answered, execute, isAbandoned, onBegun, onCommit, onUncertain }: Tools,
  work: (tx: Tx) => Promise<T>,
): Promise<T> {
  const begun = Promise.withResolvers<postgres.TransactionSql>()
  const finish = Promise.withResolvers<void>()
  const ended = slot.client.begin('pipelined', (raw) => {
    begun.resolve(raw)
    return finish.promise
  })
  const lost = ended.then(() => new Promise<never>(() => {}))
  let state: 'open' | 'broken' | 'over' = 'open'
  lost.catch((error) => {
    if (state === 'open') state = 'broken'
    begun.reject(error)
  })

  // Resolves at once: nothing is sent yet, so this does not show whether the database answers.
  const raw = await begun.promise
  const committed: unknown[] = []
  const tx = wrap(raw)

  function wrap(handle: postgres.TransactionSql): Tx {
    return interceptStatements(handle, runStatement, { committed, savepoint: (work) => savepoint(handle, work) })
  }

  async function savepoint<V>(handle: postgres.TransactionSql, work: (tx: Tx) => Promise<V>): Promise<V> {
    const items = committed.length
    const done = Promise.withResolvers<V>()
    try {
      const saved = handle.savepoint(async (inner) => done.resolve(await work(wrap(inner))))
      await Promise.race([saved, lost])
    } catch (error) {
      committed.length = items
      throw error
    }
    return done.promise
  }

  async function runStatement(query: Query): Promise<unknown> {
    if (state !== 'open') throw new AppError('database-unavailable', { cause: new Error('the transaction is over') })
    try {
      const result = await execute(slot, query, query.handler, lost)
      onBegun()
      return result
    } catch (error) {
      if (isLoss(error)) state = 'broken'
      else onBegun()
      throw error
    }
  }

  let value: T
  try {
    value = await Promise.race([work(tx), lost])
    if (isAbandoned())
      throw new AppError('deadline-exceeded', { cause: new Error('the client left before the commit') })
  } catch (error) {
    await rollBack(error)
    throw error
  }
  return commit(value)

  async function rollBack(error: unknown): Promise<void> {
    if (state === 'broken') return
    state = 'over'
    finish.reject(error)
    // The driver rejects after a ROLLBACK, with the error that caused it.
    await answered(slot, ended, 'rollback').catch(() => {})
  }

  async function commit(value: T): Promise<T> {
    if (state === 'broken') throw new AppError('database-unavailable')
    state = 'over'
    finish.resolve()
    try {
      await answered(slot, ended, 'commit')
    } catch (error) {
      if (isLoss(error)) onUncertain(committed, error)
      throw error
    }
    onCommit(committed)
    return value
  }
}

/** The outcome of the statement is unknown: its connection broke, or its deadline (an AppError) passed. */
function isLoss(error: unknown): boolean {
  return error instanceof AppError || isConnectionError(error)
}

/** A handle on which a transaction takes the place of the pool: `begin` makes a savepoint. */
export function nested(tx: Tx): Sql {
  const begin = tx.savepoint
  return new Proxy(tx, { get: (target, key) => (key === 'begin' ? begin : Reflect.get(target, key)) }) as Tx & {
    begin: typeof begin
  }
}
