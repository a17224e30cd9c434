import { AppError } from '../errors/app-error.ts'
import type { Caller } from './caller.ts'
import { createFairQueue } from './fair-queue.ts'

type Waiter = { admit: () => void; reject: (error: AppError) => void }
/**
 * Called with `reject`, which ends the wait early, as at a deadline. @returns a function that cleans up after the wait
 */
type OnGiveUp = (refuse: (error: AppError) => void) => () => void

type Options = {
  /** How many callers may hold a place at once. */
  places: number
  /** How many may wait in all. */
  queueLimit: number
  /** How many requests of one account may wait. */
  accountLimit: number
}

/** The queue key of the service's own work; callers' keys are never empty. */
const own = ''

/**
 * Fair admission to a bounded number of places. Waiting callers are admitted round-robin, so that one caller's burst
 * does not delay the others for long. Where there are enough places, one caller holds at most four fifths of them, and
 * all callers together nine tenths; the service's own work, which has no caller, is admitted first up to the last
 * tenth, which is reserved for it.
 */
export function createAdmission({ places: atFirst, queueLimit, accountLimit }: Options) {
  const queue = createFairQueue<Waiter>()
  const inUseBy = new Map<string, number>()
  let places = atFirst
  let inUse = 0

  const usedBy = (key: string): number => inUseBy.get(key) ?? 0
  const ownShare = (): number => Math.floor(places / 10)

  function isEligible(key: string): boolean {
    if (inUse >= places) return false
    if (key === own) return true
    return inUse - usedBy(own) < places - ownShare() && usedBy(key) < places - Math.floor(places / 5)
  }

  function occupy(key: string): void {
    inUse++
    inUseBy.set(key, usedBy(key) + 1)
  }

  function admitWaiting(): void {
    while (inUse < places && queue.size() > 0) {
      const ownFirst = usedBy(own) < Math.max(1, ownShare()) ? queue.take((key) => key === own) : undefined
      const next = ownFirst ?? queue.take(isEligible)
      if (!next) return
      next.admit()
    }
  }

  /** Makes room in the queue; when it is full, the newest waiter of the longest line is refused. */
  function makeRoom(key: string): void {
    if (queue.size() < queueLimit) return
    const dropped = queue.dropFromLongest(queue.sizeOf(key))
    if (!dropped) throw new AppError('overloaded')
    dropped.reject(new AppError('overloaded'))
  }

  function join(key: string, giveUp: OnGiveUp): Promise<void> {
    makeRoom(key)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = {
      admit() {
        forget()
        occupy(key)
        resolve()
      },
      reject(error) {
        forget()
        reject(error)
      },
    }
    const forget = giveUp((error) => {
      if (queue.remove(key, waiter)) waiter.reject(error)
    })
    queue.add(key, waiter)
    return promise
  }

  /** Takes a place if there is a free one and nobody of the same key waits for it; without a promise, as most callers find it so. */
  function tryAcquire(caller: Caller | null): boolean {
    const key = caller?.key ?? own
    if (queue.sizeOf(key) > 0 || !isEligible(key)) return false
    occupy(key)
    if (caller) caller.admitted = true
    return true
  }

  return {
    tryAcquire,
    /**
     * Waits for a place; call `release` when it is no longer used.
     * @throws AppError `overloaded` when the queue is full, `rate-limited` when too many of the account's requests wait,
     * and whatever `giveUp` refuses with
     */
    async acquire(caller: Caller | null, giveUp: OnGiveUp): Promise<void> {
      if (tryAcquire(caller)) return
      const key = caller?.key ?? own
      if (caller?.isAccount && !caller.admitted && queue.sizeOf(key) >= accountLimit)
        throw new AppError('rate-limited', {
          detail: 'Too many requests of this account wait for their turn. Send fewer at once.',
          retryAfter: 1,
        })
      await join(key, giveUp)
      if (caller) caller.admitted = true
    },
    release(caller: Caller | null): void {
      const key = caller?.key ?? own
      const left = usedBy(key) - 1
      inUse--
      if (left === 0) inUseBy.delete(key)
      else inUseBy.set(key, left)
      admitWaiting()
    },
    setPlaces(count: number): void {
      places = count
      admitWaiting()
    },
    rejectAll(error: AppError): void {
      for (let waiter = queue.take(() => true); waiter; waiter = queue.take(() => true)) waiter.reject(error)
    },
    counts: () => ({ inUse, waiting: queue.size() }),
  }
}
