import type postgres from 'postgres'
import { withTimeout } from '../async/timeout.ts'
import { AppError } from '../errors/app-error.ts'
import type { Gate } from './admission.ts'
import { isConnectionError, isFull, toAppError, wasLost } from './errors.ts'
import type { Unwritable, Writability } from './writability.ts'

type Options = {
  connect: () => postgres.Sql
  gate: Gate
  writability: Writability
  onWarn: (message: string, error?: unknown) => void
}
export type Recovery = ReturnType<typeof createRecovery>
type Listener = (items: unknown[]) => void

const probeMs = 1000
const maxPauseMs = 700
const thawMs = 2000
/** For so long after a loss, an answer may be one that the server sent before it died. */
const echoMs = 100

/**
 * Detects the loss of the database, and shuts the gate until it answers again. Slow is not lost: a timeout counts only
 * when no connection gets an answer. A failed connection shuts the gate at once; then a single connection probes, with
 * growing pauses, until the database answers it or a running statement.
 */
export function createRecovery({ connect, gate, writability, onWarn }: Options) {
  const listeners: Listener[] = []
  const doubtful: unknown[] = []
  let prober: postgres.Sql | undefined
  let pinging: Promise<Unwritable | null> | undefined
  let recovering: { since: number; revived: PromiseWithResolvers<true> } | undefined
  let examining = false
  let closed = false
  let answeredAt = Number.NEGATIVE_INFINITY
  /** Losses since the pool last worked. A successful probe alone does not reset it, so that pauses keep growing. */
  let suspicions = 0

  /** @returns whether the database answers in time @throws the error of the connection */
  async function probe(): Promise<boolean> {
    prober ??= connectProber()
    const question = writability.ask(prober).then(
      () => true,
      (error) => {
        // Too many connections: the server still answers existing ones.
        if (isFull(error)) return true
        throw error
      },
    )
    try {
      const inTime = await withTimeout(question, probeMs, () => false)
      if (!inTime) dropProber()
      return inTime
    } catch (error) {
      dropProber()
      throw error
    }
  }

  /** Does not fetch array types: no answer has arrays. */
  function connectProber(): postgres.Sql {
    const client = connect()
    client.options.fetch_types = false
    return client
  }

  function dropProber(): void {
    void prober?.end({ timeout: 0 }).catch(() => {})
    prober = undefined
  }

  const isAnswering = (since: number): boolean => answeredAt >= since

  function suspect(reason: unknown): void {
    if (recovering || closed) return
    recovering = { since: performance.now(), revived: Promise.withResolvers() }
    gate.shut()
    onWarn('the database does not answer; requests wait', reason)
    void recover(recovering.revived.promise)
  }

  async function recover(revived: Promise<true>): Promise<void> {
    dropProber()
    for (let tries = suspicions++; !closed; tries++) {
      const pauseMs = tries > 0 ? Math.min(maxPauseMs, 50 * 2 ** tries) * (0.5 + Math.random() / 2) : 0
      if (await withTimeout(revived, pauseMs, () => false)) break
      if (await Promise.race([revived, probe().catch(() => false)])) break
    }
    recovering = undefined
    if (closed) return dropProber()
    onWarn('the database answers again')
    gate.reopen()
    announceDoubtful()
  }

  /** After a timeout: the database counts as lost only if no statement and no new probe gets an answer. */
  async function examine(reason: unknown): Promise<void> {
    if (recovering || examining || closed) return
    examining = true
    const since = performance.now()
    const answers = isAnswering(since - probeMs) || (await probe().catch(() => false)) || isAnswering(since)
    examining = false
    if (!answers) suspect(reason)
    else if (!recovering && !closed) announceDoubtful()
  }

  function announceDoubtful(): void {
    if (doubtful.length === 0) return
    const items = doubtful.splice(0)
    const announce = () => {
      for (const listener of listeners) listener(items)
    }
    announce()
    setTimeout(() => closed || announce(), thawMs).unref()
  }

  async function ping(): Promise<Unwritable | null> {
    const since = performance.now()
    try {
      // The idle connection may have been closed.
      const inTime = await probe().catch((error) => (wasLost(error) ? probe() : Promise.reject(error)))
      const reason = writability.reason()
      // After a fail-over another server may be the primary: the next probe resolves the name again.
      if (reason === 'read-only') dropProber()
      if (inTime || isAnswering(since)) return reason
    } catch (error) {
      suspect(error)
      const known = toAppError(error)
      throw known instanceof AppError ? known : new AppError('database-unavailable', { cause: error })
    }
    const error = new AppError('database-unavailable', {
      cause: new Error(`no statement was answered for ${probeMs} ms`),
    })
    void examine(error)
    throw error
  }

  return {
    /** Reports a failed connection. */
    suspect,
    /** Reports a timeout. */
    late: (reason: unknown): void => void examine(reason),
    /** Whether any statement was answered since that `performance.now()`. */
    isAnswering,
    /** Reports an answer. */
    confirm(): void {
      answeredAt = performance.now()
      if (!recovering) suspicions = 0
      else if (answeredAt - recovering.since >= echoMs) recovering.revived.resolve(true)
    },
    /** Reports a commit of `items` without an answer: its connection failed, or it timed out. */
    doubt(items: unknown[], reason: unknown): void {
      doubtful.push(...items)
      if (isConnectionError(reason)) suspect(reason)
      else void examine(reason)
    },
    onDoubt: (listener: Listener): void => void listeners.push(listener),
    async ping(): Promise<Unwritable | null> {
      if (recovering || closed) throw new AppError('database-unavailable')
      pinging ??= ping().finally(() => {
        pinging = undefined
      })
      return pinging
    },
    close(): void {
      closed = true
      dropProber()
    },
  }
}
