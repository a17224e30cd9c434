import { defineScript, type Redis } from '../redis/connection.ts'
import type { Tier } from './limiter.ts'
import { type Tally, toTally } from './result.ts'

/** How often what nobody spends is given back. */
const BeatMs = 1_000
/** Two ends so close together are of one window: an answer's way is not known. */
const SameEndMs = 250

/** What this instance knows of a caller's window. */
type Window = {
  /** The number, in the window, of the last unit that was spent here. */
  used: number
  /** Units that are counted in Redis and were not spent yet, and the limit under which they were asked for. */
  spare: number
  max: number
  /** Epoch milliseconds, never after Redis's own end of the window. */
  resetAt: number
  /** Units spent since the last beat. */
  recent: number
}

/** What the requests of one caller want in one turn of the event loop. */
type Batch = { max: number; demand: number; answer: PromiseWithResolvers<Grant | null> }
/** `before` units were counted before the batch's own. */
type Grant = { before: number; resetAt: number }

/**
 * Of a key: units wanted now, units that may be wanted soon, limit, window in milliseconds. What is wanted now is counted
 * in any case. Spare ones are a sixteenth of what is left of the limit's first half at most: past it every unit is counted
 * by itself, so that exactly as many pass as may.
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

/** Of a key: units, and how long their window lasts at most. One that lasts longer is another: they were never in its count. */
const returnUnits = defineScript(`
local left = redis.call("PTTL", KEYS[1])
if left >= 0 and left <= tonumber(ARGV[2]) then return redis.call("DECRBY", KEYS[1], ARGV[1]) end`)

/**
 * A tier of all instances, counted in Redis, for callers who come often: whoever spent units within a second is given as
 * many ahead, and those cost no question. To ask for each, as hono-rate-limiter's store does, would make an authorised
 * request half as dear again. The questions of one turn of the event loop leave in one write.
 */
export function createLeasedTier(redis: Redis, name: string, windowMs: number): Tier {
  /** Of callers seen within two beats, so no more than such a time's requests. */
  const windows = new Map<string, Window>()
  let batches = new Map<string, Batch>()
  let hits = 0
  let uncounted = 0
  const timer = setInterval(() => void beat(), BeatMs)
  timer.unref()
  const redisKey = (key: string) => `manas360:limit:${name}:${key}`

  async function takeLater(key: string, max: number): Promise<Tally | null> {
    const batch = batches.get(key) ?? startBatch(key, max)
    const place = ++batch.demand
    const grant = await batch.answer.promise
    if (!grant) {
      uncounted++
      return null
    }
    return tell(grant.before + place, max, grant.resetAt)
  }

  function tell(used: number, max: number, resetAt: number): Tally {
    if (used > max) hits++
    return toTally(max, used, resetAt, windowMs)
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
    for (const [key, batch] of sent) ask(key, batch).then(batch.answer.resolve, () => batch.answer.resolve(null))
  }

  /** @throws RedisError; that Redis is lost is logged where it is noticed */
  async function ask(key: string, { max, demand }: Batch): Promise<Grant> {
    const askedAt = Date.now()
    const soon = windows.get(key)?.recent ?? 0
    const reply = await redis.run(takeUnits, redisKey(key), [demand, soon, max, windowMs])
    const [used, spare, left] = reply as [number, number, number]
    const resetAt = askedAt + left
    const known = windows.get(key)
    // Another answer may have come meanwhile; or Redis has forgotten the window, and what it had counted is worth nothing.
    const kept = known && resetAt <= known.resetAt + SameEndMs ? known.spare : 0
    windows.set(key, { used, spare: kept + spare, max, resetAt, recent: (known?.recent ?? 0) + demand })
    return { before: used - demand, resetAt }
  }

  /** Gives back what is more than was spent since the last beat, and forgets who did not come. Never throws. */
  async function beat(): Promise<void> {
    const returns: Promise<unknown>[] = []
    for (const [key, window] of windows) {
      if (window.spare > window.recent) returns.push(giveBack(key, window, window.recent))
      if (window.recent === 0) windows.delete(key)
      window.recent = 0
    }
    await Promise.allSettled(returns)
  }

  /** @throws RedisError; what cannot be given back counts until its window ends */
  async function giveBack(key: string, window: Window, kept: number): Promise<void> {
    const units = window.spare - kept
    const left = window.resetAt - Date.now()
    window.spare = kept
    if (units > 0 && left > 0) await redis.run(returnUnits, redisKey(key), [units, left + SameEndMs])
  }

  return {
    take(key, max) {
      const window = windows.get(key)
      // Under another limit others may have used it up.
      if (!window || window.spare === 0 || window.max !== max || Date.now() >= window.resetAt)
        return takeLater(key, max)
      window.spare--
      window.recent++
      return tell(++window.used, max, window.resetAt)
    },
    hits: () => hits,
    uncounted: () => uncounted,
    async close() {
      clearInterval(timer)
      await Promise.allSettled([...windows].map(([key, window]) => giveBack(key, window, 0)))
      windows.clear()
    },
  }
}
