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
const longestPauseMs = 700
const thawMs = 2000
/** What a server said before it died may be read for so long after. */
const echoMs = 100

/**
 * Knows whether the database is lost, and shuts the gate while it is. Slow is not lost: a late answer counts for nothing
 * while anybody else is answered, over whatever connection. A connection that failed shuts the gate at once; one caller
 * then asks, with growing pauses, and not the whole pool, until the database answers it or anybody who is under way.
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
  /** Suspicions since the pool last worked: a probe that succeeds alone must not cut the pauses short. */
  let suspicions = 0

  /** Whether it answers in time. @throws what the connection failed with */
  async function probe(): Promise<boolean> {
    prober ??= connectProber()
    const question = writability.ask(prober).then(
      () => true,
      (error) => {
        // A full server answers those who are connected.
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

  /** Its answers hold no arrays, so it does not ask for their types. */
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
    onWarn('the database is in doubt', reason)
    void recover(recovering.revived.promise)
  }

  async function recover(revived: Promise<true>): Promise<void> {
    dropProber()
    for (let tries = suspicions++; !closed; tries++) {
      const pauseMs = tries > 0 ? Math.min(longestPauseMs, 50 * 2 ** tries) * (0.5 + Math.random() / 2) : 0
      if (await withTimeout(revived, pauseMs, () => false)) break
      if (await Promise.race([revived, probe().catch(() => false)])) break
    }
    recovering = undefined
    if (closed) return dropProber()
    onWarn('the database answers again')
    gate.reopen()
    announceDoubtful()
  }

  /** Something got no answer in time. Lost is the database only if nobody gets one, nor somebody who asks anew. */
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
      // The connection may have ended while nobody used it.
      const inTime = await probe().catch((error) => (wasLost(error) ? probe() : Promise.reject(error)))
      const reason = writability.reason()
      // After a fail-over another server may be the primary: the next question goes to whom the name leads to.
      if (reason === 'read-only') dropProber()
      if (inTime || isAnswering(since)) return reason
    } catch (error) {
      suspect(error)
      const known = toAppError(error)
      throw known instanceof AppError ? known : new AppError('database-unavailable', { cause: error })
    }
    const error = new AppError('database-unavailable', { cause: new Error(`nobody was answered for ${probeMs} ms`) })
    void examine(error)
    throw error
  }

  return {
    /** A connection failed. */
    suspect,
    /** Something got no answer in time. */
    late: (reason: unknown): void => void examine(reason),
    /** Whether anybody was answered since that moment of `performance.now()`. */
    isAnswering,
    /** The server answered somebody. */
    confirm(): void {
      answeredAt = performance.now()
      if (!recovering) suspicions = 0
      else if (answeredAt - recovering.since >= echoMs) recovering.revived.resolve(true)
    },
    /** A commit of `items` has no answer, for its connection failed or for it is late. */
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
