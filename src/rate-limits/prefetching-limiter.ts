import { defineScript, type Redis } from '../redis/connection.ts'
import type { Tier } from './limiter.ts'
import { type RateLimitResult, toResult } from './result.ts'

/** The interval at which unused units are refunded, in milliseconds. */
const tickMs = 1_000
/** The greatest difference of two reset times of one window: the duration of an answer is not known. */
const sameEndMs = 250

/** The state of a caller's window on this instance. */
type Window = {
  /** The number, within the window, of the last unit consumed here. */
  used: number
  /** Prefetched units: counted in Redis and not consumed yet, and the limit under which they were requested. */
  spare: number
  max: number
  /** Epoch milliseconds, never after the end of the window in Redis. */
  resetAt: number
  /** Units consumed since the last tick. */
  recent: number
}

/** The units that a caller's requests need in one turn of the event loop. */
type Batch = { max: number; demand: number; answer: PromiseWithResolvers<Grant | null> }
/** `before`: units that were counted before those of the batch. */
type Grant = { before: number; resetAt: number }

/**
 * Arguments: units to consume, units to prefetch, limit, window in milliseconds. Consumed units are counted in any
 * case. At most a sixteenth of the rest of the limit's first half is prefetched; beyond that every unit is counted by
 * itself, so that the limit is exact.
 */
const takeUnits = defineScript(`
local used = redis.call("INCRBY", KEYS[1], ARGV[1])
local spare = math.min(tonumber(ARGV[2]), math.floor((tonumber(ARGV[3]) / 2 - used) / 16))
if spare > 0 then redis.call("INCRBY", KEYS[1], spare) else spare = 0 end
local left = redis.call("PTTL", KEYS[1])
if left < 0 then
  left = tonumber(ARGV[4])
  redis.call("PEXPIRE", KEYS[1], left)
end
return {used, spare, left}`)

/**
 * Arguments: units, and the longest remaining time of their window. A window that lasts longer is another one, in which
 * they were not counted.
 */
const returnUnits = defineScript(`
local left = redis.call("PTTL", KEYS[1])
if left >= 0 and left <= tonumber(ARGV[2]) then return redis.call("DECRBY", KEYS[1], ARGV[1]) end`)

/**
 * A tier counted in Redis for all instances, with prefetching: a caller who consumed units within a second gets as many
 * in advance, and these need no command. A command for each request, as hono-rate-limiter's store sends, would make an
 * authorised request 1.5 times as expensive. The commands of one turn of the event loop are sent in one write.
 */
export function createPrefetchingLimiter(redis: Redis, name: string, windowMs: number): Tier {
  /** Windows of callers seen within two ticks; bounded by the requests of that time. */
  const windows = new Map<string, Window>()
  let batches = new Map<string, Batch>()
  let hits = 0
  let uncounted = 0
  const timer = setInterval(() => void tick(), tickMs)
  timer.unref()
  const redisKey = (key: string) => `manas360:limit:${name}:${key}`

  async function takeLater(key: string, max: number): Promise<RateLimitResult | null> {
    const batch = batches.get(key) ?? startBatch(key, max)
    const place = ++batch.demand
    const grant = await batch.answer.promise
    if (!grant) {
      uncounted++
      return null
    }
    return resultOf(grant.before + place, max, grant.resetAt)
  }

  function resultOf(used: number, max: number, resetAt: number): RateLimitResult {
    if (used > max) hits++
    return toResult(max, used, resetAt, windowMs)
  }

  function startBatch(key: string, max: number): Batch {
    if (batches.size === 0) setImmediate(sendBatches)
    const batch = { max, demand: 0, answer: Promise.withResolvers<Grant | null>() }
    batches.set(key, batch)
    return batch
  }

  function sendBatches(): void {
    const sent = batches
    batches = new Map()
    for (const [key, batch] of sent) takeBatch(key, batch).then(batch.answer.resolve, () => batch.answer.resolve(null))
  }

  /** @throws RedisError; the connection logs the loss of Redis */
  async function takeBatch(key: string, { max, demand }: Batch): Promise<Grant> {
    const askedAt = Date.now()
    const soon = windows.get(key)?.recent ?? 0
    const reply = await redis.run(takeUnits, redisKey(key), [demand, soon, max, windowMs])
    const [used, spare, left] = reply as [number, number, number]
    const resetAt = askedAt + left
    const known = windows.get(key)
    // Another answer may have arrived meanwhile. Where Redis lost the window, its prefetched units are void.
    const kept = known && resetAt <= known.resetAt + sameEndMs ? known.spare : 0
    windows.set(key, { used, spare: kept + spare, max, resetAt, recent: (known?.recent ?? 0) + demand })
    return { before: used - demand, resetAt }
  }

  /** Refunds units beyond those consumed since the last tick, and deletes the windows of idle callers. Never throws. */
  async function tick(): Promise<void> {
    const returns: Promise<unknown>[] = []
    for (const [key, window] of windows) {
      if (window.spare > window.recent) returns.push(refund(key, window, window.recent))
      if (window.recent === 0) windows.delete(key)
      window.recent = 0
    }
    await Promise.allSettled(returns)
  }

  /** @throws RedisError; units that cannot be refunded count until their window ends */
  async function refund(key: string, window: Window, kept: number): Promise<void> {
    const units = window.spare - kept
    const left = window.resetAt - Date.now()
    window.spare = kept
    if (units > 0 && left > 0) await redis.run(returnUnits, redisKey(key), [units, left + sameEndMs])
  }

  return {
    consume(key, max) {
      const window = windows.get(key)
      // Under another limit other instances may have used it up.
      if (!window || window.spare === 0 || window.max !== max || Date.now() >= window.resetAt)
        return takeLater(key, max)
      window.spare--
      window.recent++
      return resultOf(++window.used, max, window.resetAt)
    },
    hits: () => hits,
    uncounted: () => uncounted,
    async close() {
      clearInterval(timer)
      await Promise.allSettled([...windows].map(([key, window]) => refund(key, window, 0)))
      windows.clear()
    },
  }
}
