import { createSemaphore } from '../../async/semaphore.ts'
import { AppError } from '../../errors/app-error.ts'

type Bounds = {
  /** Streams that one account may have open on this instance … */
  perAccount: number
  /** … and all of them. */
  inAll: number
  /** Pages that are read at once. */
  reads: number
  /** What nobody reads any more ends after so long. */
  idleMs: number
}

/** A page that waits longer breaks its stream off. */
const readWaitMs = 30_000

export type OpenStreams = ReturnType<typeof createOpenStreams>

/** Answers that are made while they are read, page by page: bounded in number, and each holds one page. */
export function createOpenStreams({ perAccount, inAll, reads, idleMs }: Bounds) {
  const openOf = new Map<string, number>()
  let open = 0
  const semaphore = createSemaphore({ places: reads, queueLimit: inAll, accountLimit: inAll, waitMs: readWaitMs })

  /** @returns what gives the place back, once */
  function enter(accountId: string): () => void {
    const own = openOf.get(accountId) ?? 0
    if (own >= perAccount)
      throw new AppError('rate-limited', { retryAfter: 1, detail: 'Another export of this account is being read.' })
    if (open >= inAll) throw new AppError('overloaded')
    open++
    openOf.set(accountId, own + 1)
    let left = false
    return () => {
      if (left) return
      left = true
      open--
      const others = (openOf.get(accountId) ?? 1) - 1
      if (others > 0) openOf.set(accountId, others)
      else openOf.delete(accountId)
    }
  }

  return {
    /**
     * Opens a stream of what `begin` makes; nothing is asked of that but when somebody reads.
     * @throws AppError `rate-limited`, `overloaded`, and what `begin` throws
     */
    async open(accountId: string, begin: () => Promise<AsyncGenerator<string>>): Promise<ReadableStream<Uint8Array>> {
      const leave = enter(accountId)
      try {
        return toStream(await begin(), leave)
      } catch (error) {
        leave()
        throw error
      }
    },
    /** Streams that are open now. */
    count: (): number => open,
    close: (): void => semaphore.close(),
  }

  function toStream(pieces: AsyncGenerator<string>, leave: () => void): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder()
    let idle: ReturnType<typeof setTimeout>
    function end(): void {
      clearTimeout(idle)
      leave()
      void pieces.return(undefined).catch(() => {})
    }
    return new ReadableStream(
      {
        start(controller) {
          idle = setTimeout(expire, idleMs, controller).unref()
        },
        async pull(controller) {
          clearTimeout(idle)
          try {
            const { value, done } = await semaphore.run(() => pieces.next())
            if (done) {
              end()
              return controller.close()
            }
            controller.enqueue(encoder.encode(value))
          } catch (error) {
            end()
            throw error
          }
          idle = setTimeout(expire, idleMs, controller).unref()
        },
        cancel: end,
      },
      // Nothing ahead of the reader: what is never read costs no page.
      { highWaterMark: 0 },
    )

    function expire(controller: ReadableStreamDefaultController<Uint8Array>): void {
      end()
      controller.error(new Error('nobody read the stream any more'))
    }
  }
}
