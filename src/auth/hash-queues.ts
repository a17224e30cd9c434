import type { Caller } from '../async/caller.ts'
import { createSemaphore } from '../async/semaphore.ts'
import { createDurations } from '../metrics/durations.ts'
import { currentTracer, inSpan } from '../tracing/tracer.ts'

/** Histograms of the wait for a place and of the hashing itself. */
export type HashDurations = ReturnType<typeof createHashDurations>

const createHashDurations = () => ({ waits: createDurations(), hashes: createDurations() })

/**
 * Opens the two queues of password hashing: one for our own hashes, and one with half the places for imported hashes.
 * @param places how many hashes may run at once
 * @param queueLimit how many may wait in each queue; default: 64 for each of its places. One account may have 8 for
 *   each place waiting
 */
export function openHashQueues(places: number, queueLimit: number | undefined) {
  const durations = createHashDurations()
  const open = (name: string, places: number) =>
    createHashQueue(name, durations, {
      places,
      queueLimit: queueLimit ?? 64 * places,
      accountLimit: 8 * places,
    })
  return {
    own: open('argon2', places),
    imported: open('imported hash', Math.max(1, Math.floor(places / 2))),
    durations,
  }
}

function createHashQueue(name: string, durations: HashDurations, options: Parameters<typeof createSemaphore>[0]) {
  const { run, stats } = createSemaphore(options)
  return {
    stats,
    run<T>(job: () => Promise<T>, caller: Caller | null, signal: AbortSignal | undefined): Promise<T> {
      const askedAt = performance.now()
      return run(
        async () => {
          const begunAt = performance.now()
          durations.waits.observe(begunAt - askedAt)
          currentTracer()?.record(`${name} wait`, askedAt)
          try {
            return await inSpan(name, {}, job)
          } finally {
            durations.hashes.observe(performance.now() - begunAt)
          }
        },
        caller,
        signal,
      )
    },
  }
}
