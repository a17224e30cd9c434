import { createAdmission } from '../async/admission.ts'
import type { Caller } from '../async/caller.ts'
import { AppError } from '../errors/app-error.ts'

export type Gate = ReturnType<typeof createGate>

type Options = {
  max: number
  queueLimit: number
  waitMs: number
  /** How many requests of one account may wait; default twice `max`, and 64 at least. */
  accountLimit?: number
}

/** Slow start: when the gate opens, the limit begins here and grows by as much every `rampMs`. */
const rampStep = 10
const rampMs = 100

/**
 * Admission control: bounds how many use the pool, how many wait for it and how long; the driver would queue without
 * bounds. While the gate is shut no caller is admitted: callers wait through short outages, and are refused at once in
 * longer ones.
 */
export function createGate({ max, queueLimit, waitMs, accountLimit = Math.max(64, 2 * max) }: Options) {
  const admission = createAdmission({ places: 0, queueLimit, accountLimit })
  let shutSince: number | null = null
  let ramp: ReturnType<typeof setInterval> | undefined
  startRamp()

  function startRamp(): void {
    clearInterval(ramp)
    let limit = Math.min(rampStep, max)
    admission.setPlaces(limit)
    if (limit === max) return
    ramp = setInterval(() => {
      limit = Math.min(limit + rampStep, max)
      if (limit === max) clearInterval(ramp)
      admission.setPlaces(limit)
    }, rampMs)
    ramp.unref()
  }

  function refuseAfterWait(refuse: (error: AppError) => void): () => void {
    const timer = setTimeout(
      () => refuse(new AppError(shutSince === null ? 'overloaded' : 'database-unavailable')),
      waitMs,
    )
    return () => clearTimeout(timer)
  }

  return {
    /** Takes a place where one is free and no caller waits. @returns whether it did */
    tryAcquire: (caller: Caller | null): boolean => admission.tryAcquire(caller),
    /**
     * @throws AppError `overloaded` when the queue is full or the wait too long, `database-unavailable` while it is shut,
     * `rate-limited` when too many requests of the caller's account wait
     */
    async acquire(caller: Caller | null = null): Promise<void> {
      if (shutSince !== null && performance.now() - shutSince >= waitMs) throw new AppError('database-unavailable')
      await admission.acquire(caller, refuseAfterWait)
    },
    release: (caller: Caller | null = null): void => admission.release(caller),
    shut(): void {
      if (shutSince !== null) return
      shutSince = performance.now()
      clearInterval(ramp)
      admission.setPlaces(0)
    },
    reopen(): void {
      shutSince = null
      startRamp()
    },
    /** Shuts for good, and refuses all who wait. */
    close(): void {
      shutSince = Number.NEGATIVE_INFINITY
      clearInterval(ramp)
      admission.setPlaces(0)
      admission.rejectAll(new AppError('database-unavailable'))
    },
    counts: admission.counts,
  }
}
