import { MemoryStore, RedisStore } from 'hono-rate-limiter'
import type { Config } from '../config/config.ts'
import type { RateLimit } from '../config/fields.ts'
import type { Redis } from '../redis/connection.ts'
import { type AddressTier, createAddressTier } from './address-tier.ts'
import { createLeasedTier } from './prefetching-limiter.ts'
import { type Tally, toTally } from './result.ts'

/** One tier: `max` units per window and key. */
export type Tier = {
  /**
   * Takes a unit. Over `max` the tally says so; the unit stays taken unless it is given back. Null: nobody could count.
   * In memory it answers at once, for a promise would cost every request.
   */
  take(key: string, max: number): Tally | Promise<Tally | null>
  /** How often a unit was taken over `max`, since the start. */
  hits(): number
  /** How often nobody could count, since the start. */
  uncounted(): number
  close(): void | Promise<void>
}

/** A tier whose units may be given back. */
export type ReturningTier = Tier & { giveBack(key: string): void | Promise<void> }

/** The tiers; null where one is switched off. */
export type Limits = {
  global: AddressTier | null
  auth: AddressTier | null
  register: AddressTier | null
  /** Per account. */
  password: ReturningTier | null
  /** Per account. */
  api: Tier | null
  /** Exports per account; off with `api`. */
  exports: Tier | null
}

/** Callers that one tier remembers in memory, at 300 to 400 bytes each (bench/memory.ts). */
const maxKeys = 250_000

/** The tiers that the configuration asks for: counted in Redis across instances, in memory without it. */
export function openLimits(config: Config, redis: Redis | null): Limits {
  const open = (name: string, { windowMs }: NonNullable<RateLimit>) =>
    redis ? createSharedTier(redis, name, windowMs) : createTier(windowMs)
  const openOf = (name: string, limit: RateLimit) => limit && createAddressTier(open(name, limit))
  const openApi = () => (redis ? createLeasedTier(redis, 'api', 60_000) : createTier(60_000))
  return {
    global: openOf('global', config.rateLimitGlobal),
    auth: openOf('auth', config.rateLimitAuth),
    register: openOf('register', config.rateLimitRegister),
    password: config.rateLimitPassword && open('password', config.rateLimitPassword),
    api: config.rateLimitApi === null ? null : openApi(),
    exports: config.rateLimitApi === null ? null : open('exports', { max: 0, windowMs: 3_600_000 }),
  }
}

/**
 * A tier on hono-rate-limiter's store in memory. Its own middleware is not used: a unit may be given back, several tiers
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
      return toTally(max, totalHits, resetTime?.getTime(), windowMs)
    },
    giveBack: (key: string): void => store.decrement(key),
    hits: () => hits,
    uncounted: () => 0,
    /** Callers that are remembered now. */
    size: (): number => store.current.size + store.previous.size,
    close: (): void => store.shutdown(),
  } satisfies ReturningTier & { size(): number }
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
export function createSharedTier(redis: Redis, name: string, windowMs: number): ReturningTier {
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
        return toTally(max, totalHits, resetTime?.getTime(), windowMs)
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
