import type postgres from 'postgres'
import { toAppError } from './db-errors.ts'
import type { Gate } from './db-gate.ts'
import { AppError } from './errors.ts'

type Options = { connect: () => postgres.Sql; gate: Gate; onWarn: (message: string, error?: unknown) => void }
type Listener = (items: unknown[]) => void

const probeMs = 1000
const longestPauseMs = 700
const thawMs = 2000

/**
 * Shuts the gate when a connection fails, asks the database over a connection of its own, with growing pauses, whether it
 * answers, and opens the gate when it does. So a server that is down meets one caller and not the whole pool.
 */
export function createRecovery({ connect, gate, onWarn }: Options) {
  const listeners: Listener[] = []
  const doubtful: unknown[] = []
  let prober: postgres.Sql | undefined
  let pinging: Promise<void> | undefined
  let recovering = false
  let closed = false
  /** Suspicions since the pool last worked: a probe that succeeds alone must not cut the pauses short. */
  let suspicions = 0

  async function probe(): Promise<void> {
    prober ??= connect()
    const client = prober
    const late = Promise.withResolvers<never>()
    const timer = setTimeout(() => late.reject(new AppError('database-unavailable')), probeMs)
    try {
      await Promise.race([client`select 1`, late.promise])
    } catch (error) {
      dropProber()
      throw toAppError(error)
    } finally {
      clearTimeout(timer)
    }
  }

  function dropProber(): void {
    void prober?.end({ timeout: 0 }).catch(() => {})
    prober = undefined
  }

  function suspect(reason: unknown): void {
    if (recovering || closed) return
    recovering = true
    gate.shut()
    onWarn('the database is in doubt', reason)
    void recover()
  }

  async function recover(): Promise<void> {
    dropProber()
    for (let tries = suspicions++; !closed; tries++) {
      if (tries > 0) await Bun.sleep(Math.min(longestPauseMs, 50 * 2 ** tries) * (0.5 + Math.random() / 2))
      const answers = await probe().then(
        () => true,
        () => false,
      )
      if (answers) break
    }
    if (closed) return dropProber()
    recovering = false
    onWarn('the database answers again')
    gate.reopen()
    announceDoubtful()
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

  return {
    suspect,
    /** The pool works: the next suspicion is probed at once. */
    confirm(): void {
      if (!recovering) suspicions = 0
    },
    /** A commit of `items` has no answer. */
    doubt(items: unknown[], reason: unknown): void {
      doubtful.push(...items)
      suspect(reason)
    },
    onDoubt: (listener: Listener): void => void listeners.push(listener),
    async ping(): Promise<void> {
      if (recovering || closed) throw new AppError('database-unavailable')
      pinging ??= probe().finally(() => {
        pinging = undefined
      })
      try {
        await pinging
      } catch (error) {
        suspect(error)
        throw error instanceof AppError ? error : new AppError('database-unavailable', { cause: error })
      }
    },
    close(): void {
      closed = true
      dropProber()
    },
  }
}
