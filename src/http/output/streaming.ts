import type { Context } from 'hono'
import { wroteJson } from '../constant-json.ts'
import { middleware } from '../middleware.ts'
import { contextOf, type PublicEnv } from '../request.ts'

export type StreamOutcome = 'ended' | 'failed' | 'stalled' | 'left'
export type StreamBounds = {
  /** The stream ends when its client reads nothing for this time. */
  stallMs: number
  /** The longest duration of a stream; clients of event streams reconnect by themselves. */
  totalMs: number
}

const defaults: StreamBounds = { stallMs: 120_000, totalMs: 3_600_000 }

/**
 * Supervises streamed answers. The socket may be silent while nothing is ready, and the client may be slow, but a
 * stream that is not read ends. A failed stream is aborted, so that it does not look complete, logged with its request
 * id, and counted. When the client disconnects, the source is cancelled.
 */
export function streaming(bounds: StreamBounds = defaults) {
  return middleware<PublicEnv>({
    name: 'streaming',
    after(c) {
      if (!isStreamed(c)) return
      const { body } = c.res
      if (!body) return
      if (contextOf(c).method !== 'HEAD') c.res = new Response(watched(c, body, bounds), c.res)
      else {
        void body.cancel()
        c.res = new Response(null, c.res)
      }
    },
  })
}

/** Does not read `body` of other answers: that would turn it into a stream. */
function isStreamed(c: Context<PublicEnv>): boolean {
  if (contextOf(c).streams) return true
  if (wroteJson(c)) return false
  const { headers } = c.res
  const type = headers.get('content-type')
  if (type === 'application/json' || type === 'application/problem+json') return false
  return (
    type === null ||
    /^(?:text\/(?:event-stream|csv)|application\/x-ndjson)/.test(type) ||
    headers.has('transfer-encoding')
  )
}

function watched(
  c: Context<PublicEnv>,
  source: ReadableStream<Uint8Array>,
  { stallMs, totalMs }: StreamBounds,
): ReadableStream<Uint8Array> {
  const { log, traffic } = c.get('deps')
  const requestId = contextOf(c).id
  const reader = source.getReader()
  let stall: ReturnType<typeof setTimeout> | undefined
  let total: ReturnType<typeof setTimeout> | undefined
  let isOver = false

  function end(outcome: StreamOutcome): void {
    isOver = true
    clearTimeout(stall)
    clearTimeout(total)
    traffic.countStream(outcome)
  }

  /**
   * Ends the stream at the current or next `pull`. While Bun waits for the socket there is none, but then its idle
   * timeout is short.
   */
  function giveUp(outcome: 'failed' | 'stalled', error: unknown): void {
    if (isOver) return
    end(outcome)
    log.error({ requestId, err: error }, outcome === 'failed' ? 'a stream failed' : 'a stream was given up')
    setSocketTimeout(c, 1)
    void reader.cancel(error).catch(() => {})
  }

  function giveUpLater(milliseconds: number, reason: string): ReturnType<typeof setTimeout> {
    return setTimeout(() => giveUp('stalled', new Error(reason)), milliseconds).unref()
  }

  return new ReadableStream<Uint8Array>(
    {
      start() {
        setSocketTimeout(c, 0)
        total = giveUpLater(totalMs, 'it took too long')
        stall = giveUpLater(stallMs, 'nobody reads it any more')
      },
      async pull(controller) {
        clearTimeout(stall)
        try {
          const { value, done } = await reader.read()
          if (isOver) return cutOff(controller)
          if (done) {
            end('ended')
            // Otherwise the kept-alive connection would never time out again.
            resetSocketTimeout(c)
            return controller.close()
          }
          controller.enqueue(value)
          stall = giveUpLater(stallMs, 'nobody reads it any more')
        } catch (error) {
          giveUp('failed', error)
          cutOff(controller)
        }
      },
      cancel(reason) {
        if (isOver) return
        end('left')
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

/**
 * Errors the stream without a reason: with one, Bun would print it with source code. The connection is cut off either
 * way.
 */
function cutOff(controller: ReadableStreamDefaultController): void {
  controller.error(undefined)
}

/** Gives the request's socket the idle timeout of all connections again. */
export function resetSocketTimeout(c: Context<PublicEnv>): void {
  setSocketTimeout(c, c.get('deps').config.idleTimeoutSeconds)
}

/** Sets the idle timeout of the request's socket, in seconds; 0: none. */
export function setSocketTimeout(c: Context<PublicEnv>, seconds: number): void {
  c.env?.server?.timeout(c.req.raw, seconds)
}
