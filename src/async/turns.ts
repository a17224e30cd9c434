import { AppError } from '../errors/app-error.ts'
import type { Caller } from './caller.ts'
import { createFairQueue } from './fair-queue.ts'

type Waiter = { admit: () => void; refuse: (error: AppError) => void }
/** Calls `refuse` when the wait is over for other reasons; returns how to forget it. */
type GiveUp = (refuse: (error: AppError) => void) => () => void

type Options = {
  /** How many may be in at once. */
  places: number
  /** How many may wait, all together. */
  queueLimit: number
  /** How many requests of one account may wait. */
  accountLimit: number
}

/** The line of the service's own work; callers' keys are never empty. */
const own = ''

/**
 * Who may use something of which there are few, so that nobody's burst makes others wait for long: callers are admitted
 * in turn, one of each. One alone holds four fifths of the places at the most, all callers nine tenths, where there are
 * enough to be parted; the service's own work, which has no caller, is let in first up to that tenth.
 */
export function createTurns({ places: atFirst, queueLimit, accountLimit }: Options) {
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

  /** Room in the queue, if need be at the cost of who came last to the longest line. */
  function makeRoom(key: string): void {
    if (queue.size() < queueLimit) return
    const dropped = queue.dropFromLongest(queue.sizeOf(key))
    if (!dropped) throw new AppError('overloaded')
    dropped.refuse(new AppError('overloaded'))
  }

  function join(key: string, giveUp: GiveUp): Promise<void> {
    makeRoom(key)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const waiter: Waiter = {
      admit() {
        forget()
        occupy(key)
        resolve()
      },
      refuse(error) {
        forget()
        reject(error)
      },
    }
    const forget = giveUp((error) => {
      if (queue.remove(key, waiter)) waiter.refuse(error)
    })
    queue.add(key, waiter)
    return promise
  }

  return {
    /**
     * Waits for a turn, of which `leave` must tell the end.
     * @throws AppError `overloaded` when the queue is full, `rate-limited` when too many of the account's requests wait,
     * and whatever `giveUp` refuses with
     */
    async enter(caller: Caller | null, giveUp: GiveUp): Promise<void> {
      const key = caller?.key ?? own
      if (queue.sizeOf(key) === 0 && isEligible(key)) occupy(key)
      else if (caller?.isAccount && !caller.admitted && queue.sizeOf(key) >= accountLimit)
        throw new AppError('rate-limited', {
          detail: 'Too many requests of this account wait for their turn. Send fewer at once.',
          retryAfter: 1,
        })
      else await join(key, giveUp)
      if (caller) caller.admitted = true
    },
    leave(caller: Caller | null): void {
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
    refuseAll(error: AppError): void {
      for (let waiter = queue.take(() => true); waiter; waiter = queue.take(() => true)) waiter.refuse(error)
    },
    counts: () => ({ inUse, waiting: queue.size() }),
  }
}
