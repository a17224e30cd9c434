import { createSemaphore } from '../../async/semaphore.ts'
import { AppError } from '../../errors/app-error.ts'

type Bounds = {
  /** The most open streams of one account, on this instance. */
  perAccount: number
  /** The most open streams of this instance. */
  inAll: number
  /** Pages that are read concurrently. */
  reads: number
  /** A stream that is not read ends after this time. */
  idleMs: number
}

/** A stream ends when a page waits longer for its turn. */
const readWaitMs = 30_000

export type OpenStreams = ReturnType<typeof createOpenStreams>

/** Bounds streamed answers: their number, and one page in memory for each. */
export function createOpenStreams({ perAccount, inAll, reads, idleMs }: Bounds) {
  const openOf = new Map<string, number>()
  let open = 0
  const semaphore = createSemaphore({ places: reads, queueLimit: inAll, accountLimit: inAll, waitMs: readWaitMs })

  /** @returns releases the place; idempotent */
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
     * Opens a stream of what `begin` generates. Pages are read only on demand.
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
      // No read-ahead: an unread stream reads no page.
      { highWaterMark: 0 },
    )

    function expire(controller: ReadableStreamDefaultController<Uint8Array>): void {
      end()
      controller.error(new Error('nobody read the stream any more'))
    }
  }
}
