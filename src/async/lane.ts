import type { Logger } from '../log/logger.ts'
import { inTrace } from '../tracing/tracer.ts'

type Options<T extends { id: string }> = {
  /** For the log, such as `a payment provider`: whom the work is for. */
  recipient: string
  concurrency: number
  log: Logger
  /** Takes up to `free` pieces of work; what is under way may be among them, and is left alone. */
  claim: (free: number) => Promise<T[]>
  work: (item: T) => Promise<void>
  /** It did not work. */
  postpone: (item: T, error: unknown) => Promise<void>
}

/** Carries out pieces of work of one kind, a few at a time, whichever instance claims them; one that fails holds nobody up. */
export function createLane<T extends { id: string }>({
  recipient,
  concurrency,
  log,
  claim,
  work,
  postpone,
}: Options<T>) {
  const underWay = new Map<string, Promise<void>>()
  let claiming: Promise<void> | undefined
  let wanted = false
  let stopped = false

  /** Takes what is due while places are free; asked meanwhile, it looks once more. */
  function look(): void {
    wanted = true
    claiming ??= claimWhileWanted().finally(() => {
      claiming = undefined
    })
  }

  async function claimWhileWanted(): Promise<void> {
    try {
      while (wanted && !stopped && underWay.size < concurrency) {
        wanted = false
        const free = concurrency - underWay.size
        const items = (await claim(free)).filter(({ id }) => !underWay.has(id))
        for (const item of items) begin(item)
        wanted ||= items.length === free
      }
    } catch (error) {
      log.warn({ err: error }, `work for ${recipient} could not be read; it is looked at again`)
    }
  }

  function begin(item: T): void {
    const over = carryOut(item).finally(() => {
      underWay.delete(item.id)
      look()
    })
    underWay.set(item.id, over)
  }

  async function carryOut(item: T): Promise<void> {
    try {
      await inTrace(`work for ${recipient}`, {}, () => work(item))
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
