import type { Logger } from '../log/logger.ts'
import { inTrace } from '../tracing/tracer.ts'

type Attributes = Parameters<typeof inTrace>[1]

type Options<T extends { id: string }> = {
  /** The recipient, such as `a payment provider`, for the log and traces. */
  recipient: string
  /** The name and the attributes of an item's trace; default `work for RECIPIENT`. */
  trace?: (item: T) => { name: string; attributes: Attributes }
  /** How many items are processed at once. */
  concurrency: number
  /** How many more items may run after others yielded their places; default none. */
  spare?: number
  log: Logger
  /** Nothing is claimed while this is true; default never. */
  isPaused?: () => boolean
  /**
   * Claims up to `free` due items. Items with the ids `running` are ignored if they are returned again; a claim that
   * takes a lease must leave them out, because the lease would be unused.
   */
  claim: (free: number, running: readonly string[]) => Promise<T[]>
  /** @param yieldPlace lets another item begin while this one, which takes longer than most, goes on */
  work: (item: T, yieldPlace: () => void) => Promise<void>
  /** Called with the error of an item whose work failed. Stores the time of the next attempt. */
  postpone: (item: T, error: unknown) => Promise<void>
}

/**
 * Processes items of one queue table, a few at a time, on whichever instance claims them. An item that fails does not
 * delay others.
 */
export function createConsumer<T extends { id: string }>({
  recipient,
  trace = () => ({ name: `work for ${recipient}`, attributes: {} }),
  concurrency,
  spare = 0,
  log,
  isPaused = () => false,
  claim,
  work,
  postpone,
}: Options<T>) {
  const running = new Map<string, Promise<void>>()
  /** The ids of running items that yielded their places. */
  const yielded = new Set<string>()
  let claiming: Promise<void> | undefined
  let isPollRequested = false
  let stopped = false

  const free = (): number => concurrency - (running.size - Math.min(yielded.size, spare))
  const mayClaim = (): boolean => isPollRequested && !stopped && !isPaused() && free() > 0

  /** Claims due items while places are free. A call during a claim makes it claim once more. */
  function poll(): void {
    isPollRequested = true
    claiming ??= claimDue().finally(() => {
      claiming = undefined
      // A call came between the last claim and here.
      if (mayClaim()) poll()
    })
  }

  async function claimDue(): Promise<void> {
    try {
      while (mayClaim()) {
        isPollRequested = false
        const places = free()
        const items = (await claim(places, [...running.keys()])).filter(({ id }) => !running.has(id))
        for (const item of items) begin(item)
        isPollRequested ||= items.length === places
      }
    } catch (error) {
      isPollRequested = false
      log.warn({ err: error }, `work for ${recipient} could not be read; it is looked at again`)
    }
  }

  function begin(item: T): void {
    const finished = processItem(item).finally(() => {
      running.delete(item.id)
      yielded.delete(item.id)
      poll()
    })
    running.set(item.id, finished)
  }

  async function processItem(item: T): Promise<void> {
    const yieldPlace = () => {
      yielded.add(item.id)
      poll()
    }
    try {
      const { name, attributes } = trace(item)
      await inTrace(name, attributes, () => work(item, yieldPlace))
    } catch (error) {
      log.warn({ err: error }, `work for ${recipient} is put off`)
      await postpone(item, error).catch((failure) => log.warn({ err: failure }, 'that could not be written down'))
    }
  }

  return {
    poll,
    /** The number of items that are being processed. */
    running: (): number => running.size,
    /** Polls, and waits for the running items. @returns whether there were any */
    async idle(): Promise<boolean> {
      poll()
      await claiming
      const busy = [...running.values()]
      await Promise.all(busy)
      return busy.length > 0
    },
    /** Stops claiming; resolves when the running items have ended. */
    async stop(): Promise<void> {
      stopped = true
      await claiming
      await Promise.all(running.values())
    },
  }
}
