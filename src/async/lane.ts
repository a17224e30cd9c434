import type { Logger } from '../log/logger.ts'
import { inTrace } from '../tracing/tracer.ts'

type Options<T extends { id: string }> = {
  /** For the log, such as `a payment provider`: whom the work is for. */
  recipient: string
  concurrency: number
  /** How many more may be under way that gave up their place; default none. */
  spare?: number
  log: Logger
  /**
   * Takes up to `free` pieces of work. Those with the ids `underWay` are left alone where they are among them: a claim that takes a
   * lease must leave them out, or the lease is held for nothing.
   */
  claim: (free: number, underWay: readonly string[]) => Promise<T[]>
  /** @param yieldPlace lets another piece begin beside this one, which takes longer than most */
  work: (item: T, yieldPlace: () => void) => Promise<void>
  /** It did not work. */
  postpone: (item: T, error: unknown) => Promise<void>
}

/** Carries out pieces of work of one kind, a few at a time, whichever instance claims them; one that fails holds nobody up. */
export function createLane<T extends { id: string }>({
  recipient,
  concurrency,
  spare = 0,
  log,
  claim,
  work,
  postpone,
}: Options<T>) {
  const underWay = new Map<string, Promise<void>>()
  /** Of those under way, who gave up their place. */
  const aside = new Set<string>()
  let claiming: Promise<void> | undefined
  let wanted = false
  let stopped = false

  /** Takes what is due while places are free; asked meanwhile, it looks once more. */
  function look(): void {
    wanted = true
    claiming ??= claimWhileWanted().finally(() => {
      claiming = undefined
      // Asked for between the last look and here.
      if (wanted && !stopped && free() > 0) look()
    })
  }

  const free = (): number => concurrency - (underWay.size - Math.min(aside.size, spare))

  async function claimWhileWanted(): Promise<void> {
    try {
      while (wanted && !stopped && free() > 0) {
        wanted = false
        const places = free()
        const items = (await claim(places, [...underWay.keys()])).filter(({ id }) => !underWay.has(id))
        for (const item of items) begin(item)
        wanted ||= items.length === places
      }
    } catch (error) {
      wanted = false
      log.warn({ err: error }, `work for ${recipient} could not be read; it is looked at again`)
    }
  }

  function begin(item: T): void {
    const over = carryOut(item).finally(() => {
      underWay.delete(item.id)
      aside.delete(item.id)
      look()
    })
    underWay.set(item.id, over)
  }

  async function carryOut(item: T): Promise<void> {
    const yieldPlace = () => {
      aside.add(item.id)
      look()
    }
    try {
      await inTrace(`work for ${recipient}`, {}, () => work(item, yieldPlace))
    } catch (error) {
      log.warn({ err: error }, `work for ${recipient} is put off`)
      await postpone(item, error).catch((failure) => log.warn({ err: failure }, 'that could not be written down'))
    }
  }

  return {
    look,
    /** Looks, and waits for what is under way. @returns whether there was anything */
    async idle(): Promise<boolean> {
      look()
      await claiming
      const busy = [...underWay.values()]
      await Promise.all(busy)
      return busy.length > 0
    },
    async stop(): Promise<void> {
      stopped = true
      await claiming
      await Promise.all(underWay.values())
    },
  }
}
