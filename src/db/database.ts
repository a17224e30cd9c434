import type { Caller } from '../async/caller.ts'
import { withTimeout } from '../async/timeout.ts'
import { createDurations } from '../metrics/durations.ts'
import { currentTracer, inSpan } from '../tracing/tracer.ts'
import { createGate } from './admission.ts'
import { connect, type DatabaseOptions, listen } from './connect.ts'
import { createDeadline } from './deadline.ts'
import { isConnectionError, isRepeatable, neverRan, toAppError, wasLost, wasTooLate } from './errors.ts'
import { createRecovery } from './recovery.ts'
import { createSlots, type Slot } from './slots.ts'
import { interceptStatements, isRead, type Query, repeatQuery } from './statement.ts'
import { inStatementSpan } from './statement-span.ts'
import { openTransaction } from './transaction.ts'
import type { BeginOptions, Sql, Tx } from './types.ts'
import { createWritability, type Unwritable } from './writability.ts'

export {
  isForeignKeyViolation,
  isLockTimeout,
  isRestricted,
  isUniqueViolation,
  neverSent,
  toAppError,
} from './errors.ts'
export { nested } from './transaction.ts'

export type Database = ReturnType<typeof openDatabase>

type Listener = (items: unknown[]) => void

const repeatLimit = 3
/** The shortest wait for a connection, in milliseconds, that gets a span of its own. */
const minSpanWaitMs = 1
/**
 * The least length of the queue, however small the pool: room for several accounts with all the waiting requests that
 * each may have.
 */
const minQueue = 320

/**
 * Opens the connection pool, behind one handle that outlives connections. It connects when first used. Errors are
 * AppErrors where the client can act on them (see errors.ts), else the driver's.
 */
export function openDatabase(options: DatabaseOptions) {
  const { max, acquireTimeoutMs = 2000, queueLimit = Math.max(minQueue, 10 * max), onWarn } = options
  const gate = createGate({ max, queueLimit, waitMs: acquireTimeoutMs })
  const writability = createWritability(options)
  const recovery = createRecovery({ connect: () => connect(options, 1), gate, writability, onWarn })
  const slots = createSlots({ options, max, recovery })
  const commitListeners: Listener[] = []
  const { answered, counts, durations } = createDeadline({ options, recovery, writability, retire: slots.retire })
  const waits = createDurations()
  let queries = 0
  let closed = false

  function execute(slot: Slot, query: Query, handler: Slot['handler'], lost?: Promise<never>): Promise<unknown> {
    queries++
    const sent = repeatQuery(query, handler)
    return inStatementSpan(sent, () => answered(slot, lost ? Promise.race([sent, lost]) : sent, sent))
  }

  /**
   * Runs `work` on an open connection once admitted. Retries once where nothing was sent, or `mayRepeat` says that
   * nothing can have happened.
   */
  async function admitted<T>(
    caller: Caller | null,
    work: (slot: Slot) => Promise<T>,
    mayRepeat: (error: unknown) => boolean,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      const askedAt = performance.now()
      if (!gate.tryAcquire(caller)) await gate.acquire(caller)
      let slot: Slot | undefined
      try {
        const taken = slots.take()
        slot = taken instanceof Promise ? await taken : taken
        recordWait(askedAt)
        return await work(slot)
      } catch (error) {
        if (wasTooLate(error)) recovery.late(error)
        else if (isConnectionError(error) && !slot?.retired) recovery.suspect(error)
        const repeatable = slot ? mayRepeat(error) : neverRan(error) || wasLost(error)
        if (attempt === 2 || !repeatable) throw error
      } finally {
        if (slot) slots.release(slot)
        gate.release(caller)
      }
    }
  }

  function recordWait(askedAt: number): void {
    const milliseconds = performance.now() - askedAt
    waits.observe(milliseconds)
    if (milliseconds > minSpanWaitMs) currentTracer()?.record('wait for a connection', askedAt)
  }

  async function runStatement(query: Query, caller: Caller | null): Promise<unknown> {
    try {
      return await admitted(
        caller,
        (slot) => execute(slot, query, slot.handler),
        (error) => neverRan(error) || (wasLost(error) && isRead(query)),
      )
    } catch (error) {
      throw toAppError(error)
    }
  }

  async function begin<T>(work: (tx: Tx) => Promise<T>, caller: Caller | null, isAbandoned: () => boolean): Promise<T> {
    for (let repeats = 0; ; repeats++) {
      let begun = false
      const onBegun = () => {
        begun = true
      }
      try {
        return await admitted(
          caller,
          (slot) => {
            const tools = { slot, answered, execute, isAbandoned, onBegun, onCommit, onUncertain: recovery.doubt }
            return inSpan('transaction', {}, () => openTransaction(tools, work))
          },
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

  const as = (caller: Caller | null, request?: { readonly abandoned: boolean }): Sql =>
    interceptStatements(slots.template, (query) => runStatement(query, caller), {
      begin: <T>(work: (tx: Tx) => Promise<T>, { evenIfAbandoned = false }: BeginOptions = {}) =>
        begin(work, caller, () => !evenIfAbandoned && request?.abandoned === true),
    })

  return {
    /** The handle for the service's own work. */
    sql: as(null),
    /**
     * Why the database accepts no writes; null: it does. Bypasses the queue.
     * @throws AppError `database-unavailable` unless the database answers this or another statement within a second
     */
    as,
    /**
     * Why the database cannot be written; null: it can. Bypasses the queue.
     * @throws AppError `database-unavailable` unless the database answers this or another statement within a second
     */
    ping: (): Promise<Unwritable | null> => recovery.ping(),
    /** Called with what a transaction pushed to `tx.committed`, after COMMIT and before `begin` resolves. */
    onCommit: (listener: Listener): void => void commitListeners.push(listener),
    /**
     * The same for commits whose answer was lost, which may have happened. Called when the database answers again, and
     * once more 2 s later: a backend that froze may commit after others answer.
     */
    onUncertainCommit: (listener: Listener): void => recovery.onDoubt(listener),
    /** Statements since the start, without BEGIN, COMMIT and probes; connections in use and callers waiting. */
    stats: () => ({ queries, ...counts, ...gate.counts() }),
    /** Histograms of the duration of statements, BEGIN and COMMIT, and of the wait for a connection. */
    durations: { answers: durations, waits },
    listen: (wakes: Record<string, () => void>) => listen(options, wakes),
    /** Opens `min` connections. @throws AppError `database-unavailable` */
    async open(min: number): Promise<void> {
      try {
        await slots.open(min)
      } catch (error) {
        // Closed meanwhile: no connections are opened.
        if (closed) return
        throw toAppError(error)
      }
    },
    /** Refuses new work, waits `seconds` at most for running work, and disconnects. */
    async close(seconds: number): Promise<void> {
      closed = true
      gate.close()
      recovery.close()
      const closing = slots.close(seconds).catch((error) => onWarn('the pool did not close', error))
      // The driver's own timeout does not always work.
      await withTimeout(closing, seconds * 1000 + 500, () => {})
    },
  }
}
