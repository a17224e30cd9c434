import { MemoryStore, RedisStore } from 'hono-rate-limiter'
import type { Config } from '../config.ts'
import { AppError } from '../errors.ts'
import type { Redis } from '../redis.ts'

/** One limiter's count for one caller, as `RateLimit` tells it. Times in epoch milliseconds. */
export type Tally = { limit: number; used: number; resetAt: number; windowSeconds: number }

/** One tier: `max` units per window and key. */
export type Tier = {
  /**
   * Takes a unit. Over `max` the tally says so; the unit stays taken unless it is given back. Null: nobody could count.
   * In memory it answers at once, for a promise would cost every request.
   */
  take(key: string, max: number): Tally | Promise<Tally | null>
  giveBack(key: string): void | Promise<void>
  /** How often a unit was taken over `max`, since the start. */
  hits(): number
  /** How often nobody could count, since the start. */
  uncounted(): number
  close(): void
}

/** The three tiers; null where one is switched off. */
export type Limits = { global: Tier | null; auth: Tier | null; api: Tier | null }

/** Callers that one tier remembers in memory, at 300 to 400 bytes each (bench/memory.ts). */
const maxKeys = 250_000

/** The tiers that the configuration asks for: counted in Redis across instances, in memory without it. */
export function openLimits(config: Config, redis: Redis | null): Limits {
  const open = (name: keyof Limits, windowMs: number) =>
    redis ? createSharedTier(redis, name, windowMs) : createTier(windowMs)
  return {
    global: config.rateLimitGlobal && open('global', config.rateLimitGlobal.windowMs),
    auth: config.rateLimitAuth && open('auth', config.rateLimitAuth.windowMs),
    api: config.rateLimitApi === null ? null : open('api', 60_000),
  }
}

/**
 * A tier on hono-rate-limiter's store in memory. Its own middleware is not used: a unit may be given back, three tiers
 * share one pair of headers, and log-in judges the lockout before the tier.
 *
 * The store keeps two generations and drops the older once a window. Past half of `limit` keys in the younger they change
 * places early: at most `limit` are ever held, and under a flood of addresses the idle ones are forgotten first.
 */
export function createTier(windowMs: number, limit = maxKeys) {
  const store = new MemoryStore()
  store.init({ windowMs } as never)
  let hits = 0
  return {
    take(key: string, max: number): Tally {
      // biome-ignore lint/complexity/useLiteralKeys: the library declares it private, and has no other way to drop what is old
      if (store.current.size >= limit / 2) store['clearExpired']()
      const { totalHits, resetTime } = store.increment(key)
      if (totalHits > max) hits++
      return toTally(max, totalHits, resetTime, windowMs)
    },
    giveBack: (key: string): void => store.decrement(key),
    hits: () => hits,
    uncounted: () => 0,
    /** Callers that are remembered now. */
    size: (): number => store.current.size + store.previous.size,
    close: (): void => store.shutdown(),
  } satisfies Tier & { size(): number }
}

/**
 * Put before the store's scripts. They ask for the time left after they counted; when it has just run out, they would take
 * the key for one without an end and give the old count a whole new window. So a window ends 20 ms early.
 */
const endWindow = `
local left = redis.call("PTTL", KEYS[1])
if left >= 0 and left < 20 then redis.call("DEL", KEYS[1]) end
`

/** A tier on hono-rate-limiter's store in Redis: one count for all instances, of windows that begin with a first unit. */
export function createSharedTier(redis: Redis, name: keyof Limits, windowMs: number): Tier {
  const store = new RedisStore({
    prefix: `manas360:limit:${name}:`,
    client: {
      scriptLoad: async (script) => String(await redis.send('SCRIPT', ['LOAD', endWindow + script])),
      // Its type is whatever the caller expects; the store checks what it gets.
      evalsha: async <_Args extends unknown[], Data>(sha: string, keys: string[], args: unknown[]) =>
        (await redis.send('EVALSHA', [sha, `${keys.length}`, ...keys, ...args.map(String)])) as Data,
      decr: async (key) => Number(await redis.send('DECR', [key])),
      del: async (key) => Number(await redis.send('DEL', [key])),
    },
  })
  store.init({ windowMs } as never)
  let hits = 0
  let uncounted = 0
  return {
    async take(key, max) {
      try {
        const { totalHits, resetTime } = await store.increment(key)
        if (totalHits > max) hits++
        return toTally(max, totalHits, resetTime, windowMs)
      } catch {
        // The loss itself is logged once, where it is noticed.
        uncounted++
        return null
      }
    },
    /** When Redis is lost in between, the unit stays taken until its window ends. */
    giveBack: (key) => store.decrement(key).catch(() => {}),
    hits: () => hits,
    uncounted: () => uncounted,
    close() {},
  }
}

function toTally(limit: number, used: number, resetTime: Date | undefined, windowMs: number): Tally {
  return {
    limit,
    used,
    resetAt: resetTime?.getTime() ?? Date.now() + windowMs,
    windowSeconds: Math.ceil(windowMs / 1000),
  }
}

/** @throws AppError `rate-limited` when the tally is over its limit. */
export function requireWithin(tally: Tally): void {
  if (tally.used > tally.limit) throw new AppError('rate-limited', { retryAfter: resetSeconds(tally) })
}

/** `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-07). */
export function setRateLimitHeaders(headers: Headers, tally: Tally): void {
  const remaining = Math.max(0, tally.limit - tally.used)
  headers.set('RateLimit', `limit=${tally.limit}, remaining=${remaining}, reset=${resetSeconds(tally)}`)
  if (tally.limit !== lastPolicy.limit || tally.windowSeconds !== lastPolicy.windowSeconds) {
    const { limit, windowSeconds } = tally
    lastPolicy = { limit, windowSeconds, text: `${limit};w=${windowSeconds}` }
  }
  headers.set('RateLimit-Policy', lastPolicy.text)
}

/** Most answers tell the policy that the one before told; making its text anew is a tenth of the limiter's cost. */
let lastPolicy = { limit: 0, windowSeconds: 0, text: '0;w=0' }

/** Of two tallies, the one with less left. */
export function tighter(a: Tally | null, b: Tally): Tally {
  return a && a.limit - a.used <= b.limit - b.used ? a : b
}

/** Seconds until the tally begins anew. */
export function resetSeconds({ resetAt }: Tally): number {
  return Math.max(0, Math.ceil((resetAt - Date.now()) / 1000))
}
