import { AppError } from '../errors/app-error.ts'
import { createAdmission } from './admission.ts'
import type { Caller } from './caller.ts'

type Options = {
  /** How many jobs may run at once. */
  places: number
  /** How many may wait in all. */
  queueLimit: number
  /** How many jobs of one account may wait. */
  accountLimit: number
  /** The longest wait, in milliseconds; default: until the job is admitted or `signal` aborts. */
  waitMs?: number
}

/**
 * A semaphore with fair admission (`admission.ts`): a bounded number of jobs runs, a bounded number waits.
 * @throws RangeError for fewer places than 1 or a negative queue limit
 */
export function createSemaphore({ places, queueLimit, accountLimit, waitMs }: Options) {
  if (!Number.isSafeInteger(places) || places < 1)
    throw new RangeError('the number of places must be a whole number from 1')
  if (!Number.isSafeInteger(queueLimit) || queueLimit < 0)
    throw new RangeError('the queue limit must be a whole number from 0')
  const admission = createAdmission({ places, queueLimit, accountLimit })
  let isClosed = false

  /** Rejects a job that waits too long, or whose signal aborts. */
  function watchWait(refuse: (error: AppError) => void, signal: AbortSignal | undefined): () => void {
    const timer = waitMs === undefined ? undefined : setTimeout(() => refuse(new AppError('overloaded')), waitMs)
    const onAbort = () => refuse(abandoned(signal))
    signal?.addEventListener('abort', onAbort, { once: true })
    return () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  return {
    /**
     * Runs `job` once it is admitted; a job that has begun is not aborted.
     * @param caller for whom the job runs; null: the service's own work
     * @throws AppError `overloaded` when the queue is full or the wait too long, `rate-limited` when too many jobs of
     *   the caller's account wait, `deadline-exceeded` when `signal` aborts before the job began; and what `job` throws
     */
    async run<T>(job: () => Promise<T>, caller: Caller | null = null, signal?: AbortSignal): Promise<T> {
      if (isClosed) throw new AppError('service-unavailable')
      if (signal?.aborted) throw abandoned(signal)
      await admission.acquire(caller, (refuse) => watchWait(refuse, signal))
      try {
        return await job()
      } finally {
        admission.release(caller)
      }
    },
    stats() {
      const { inUse, waiting } = admission.counts()
      return { running: inUse, waiting }
    },
    /** Refuses waiting and new jobs; running ones go on. */
    close(): void {
      isClosed = true
      admission.rejectAll(new AppError('service-unavailable'))
    },
  }
}

function abandoned(signal: AbortSignal | undefined): AppError {
  return new AppError('deadline-exceeded', { cause: signal?.reason })
}
