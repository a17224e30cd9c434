import type { Context } from 'hono'
import { wroteJson } from '../constant-json.ts'
import { middleware } from '../middleware.ts'
import { contextOf, type PublicEnv } from '../request.ts'

/** Bun closes a socket on which nothing moved for so long; what takes longer says so. */
export const idleSeconds = 10

export type StreamOutcome = 'ended' | 'failed' | 'stalled' | 'left'
export type StreamBounds = {
  /** A reader that takes nothing for so long is given up. */
  stallMs: number
  /** Nothing streams longer; who reads events connects anew by itself. */
  totalMs: number
}

const defaults: StreamBounds = { stallMs: 120_000, totalMs: 3_600_000 }

/**
 * Answers that are made while they are read: their socket may be silent as long as nothing is ready, a reader may be slow,
 * and one that takes nothing is given up. A stream that fails is cut off, so that it can't be taken for whole, logged with
 * its request id, and counted. When its client leaves, its source is cancelled.
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

/** Looking at the body of an answer that is no stream would make it one. */
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

  /** Whoever waits in `pull`, or comes by there, then cuts it off. Where Bun waits for the socket nobody does, but its time is short. */
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
            // Kept alive, the connection would never be idle for too long again.
            setSocketTimeout(c, idleSeconds)
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

/** With an error Bun would print it, and source code with it; without one the connection is cut off all the same. */
function cutOff(controller: ReadableStreamDefaultController): void {
  controller.error(undefined)
}

/** Seconds of silence after which Bun closes the request's socket; 0: never. */
export function setSocketTimeout(c: Context<PublicEnv>, seconds: number): void {
  c.env?.server?.timeout(c.req.raw, seconds)
}
