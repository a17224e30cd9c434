import { AppError } from './errors.ts'

type Waiter = { admit: () => void; refuse: (error: AppError) => void }

export type Gate = ReturnType<typeof createGate>

/** Users let in at once when the gate opens; then as many more every `rampMs`, so that reconnecting is a slope, no wall. */
const rampStep = 10
const rampMs = 100

/**
 * Bounds how many use the pool and how long others wait for it; the driver itself would queue without end.
 * While it is shut nobody is admitted: short outages are waited out, in long ones everybody is refused at once.
 */
export function createGate({ max, queueLimit, waitMs }: { max: number; queueLimit: number; waitMs: number }) {
  const waiting = new Set<Waiter>()
  let inUse = 0
  let limit = Math.min(rampStep, max)
  let shutSince: number | null = null
  let ramp: ReturnType<typeof setInterval> | undefined
  startRamp()

  function startRamp(): void {
    clearInterval(ramp)
    limit = Math.min(rampStep, max)
    if (limit === max) return
    ramp = setInterval(() => {
      limit = Math.min(limit + rampStep, max)
      if (limit === max) clearInterval(ramp)
      admitWaiting()
    }, rampMs)
    ramp.unref()
  }

  function admitWaiting(): void {
    for (const waiter of waiting) {
      if (shutSince !== null || inUse >= limit) return
      waiting.delete(waiter)
      inUse++
      waiter.admit()
    }
  }

  return {
    /** @throws AppError `overloaded` when the queue is full or the wait too long, `database-unavailable` while it is shut */
    async enter(): Promise<void> {
      if (shutSince === null && inUse < limit && waiting.size === 0) {
        inUse++
        return
      }
      if (shutSince !== null && performance.now() - shutSince >= waitMs) throw new AppError('database-unavailable')
      if (waiting.size >= queueLimit) throw new AppError('overloaded')
      const { promise, resolve: admit, reject: refuse } = Promise.withResolvers<void>()
      const waiter = { admit, refuse }
      waiting.add(waiter)
      const timer = setTimeout(() => {
        if (waiting.delete(waiter)) refuse(new AppError(shutSince === null ? 'overloaded' : 'database-unavailable'))
      }, waitMs)
      try {
        await promise
      } finally {
        clearTimeout(timer)
      }
    },
    leave(): void {
      inUse--
      admitWaiting()
    },
    shut(): void {
      shutSince ??= performance.now()
    },
    reopen(): void {
      shutSince = null
      startRamp()
      admitWaiting()
    },
    /** Shuts for good and refuses those who wait. */
    close(): void {
      shutSince = Number.NEGATIVE_INFINITY
      clearInterval(ramp)
      for (const waiter of waiting) waiter.refuse(new AppError('database-unavailable'))
      waiting.clear()
    },
    counts: () => ({ inUse, waiting: waiting.size }),
  }
}
