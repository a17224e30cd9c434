import { RedisStore } from 'hono-rate-limiter'
import type { Redis } from '../redis/connection.ts'
import { type AddressTier, createAddressTier } from './address-tier.ts'
import type { RefundableTier, Tier } from './limiter.ts'
import { createMemoryTier } from './memory-limiter.ts'
import { createPrefetchingLimiter } from './prefetching-limiter.ts'
import { toResult } from './result.ts'
import type { RateLimit, RateLimitConfig } from './variables.ts'

/** The tiers; null where one is switched off. */
export type Limits = {
  global: AddressTier | null
  auth: AddressTier | null
  register: AddressTier | null
  mail: AddressTier | null
  /** Per account. */
  password: RefundableTier | null
  /** Per account. */
  api: Tier | null
  /** Exports per account; off with `api`. */
  exports: Tier | null
}

/** The tiers of the configuration: counted in Redis across instances, in memory without it. */
export function openLimits(config: RateLimitConfig, redis: Redis | null): Limits {
  const open = (name: string, { windowMs }: NonNullable<RateLimit>) =>
    redis ? createRedisTier(redis, name, windowMs) : createMemoryTier(windowMs)
  const openOf = (name: string, limit: RateLimit) => limit && createAddressTier(open(name, limit))
  const openApi = () => (redis ? createPrefetchingLimiter(redis, 'api', 60_000) : createMemoryTier(60_000))
  return {
    global: openOf('global', config.rateLimitGlobal),
    auth: openOf('auth', config.rateLimitAuth),
    register: openOf('register', config.rateLimitRegister),
    mail: openOf('mail', config.rateLimitMail),
    password: config.rateLimitPassword && open('password', config.rateLimitPassword),
    api: config.rateLimitApi === null ? null : openApi(),
    exports: config.rateLimitApi === null ? null : open('exports', { max: 0, windowMs: 3_600_000 }),
  }
}

/**
 * Prefix of the store's scripts. They read the time left after counting; when that has just run out, they would make a
 * key without an end and give the old count a whole new window. So a window ends 20 ms early.
 */
const endWindow = `
local left = redis.call("PTTL", KEYS[1])
if left >= 0 and left < 20 then redis.call("DEL", KEYS[1]) end
`

/**
 * A tier on hono-rate-limiter's store in Redis: one count for all instances, in windows that begin with their first
 * unit.
 */
export function createRedisTier(redis: Redis, name: string, windowMs: number): RefundableTier {
  const store = new RedisStore({
    prefix: `manas360:limit:${name}:`,
    client: {
      scriptLoad: async (script) => String(await redis.send('SCRIPT', ['LOAD', endWindow + script])),
      // The store's type lets the caller choose the result's type; the store checks the result.
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
    async consume(key, max) {
      try {
        const { totalHits, resetTime } = await store.increment(key)
        if (totalHits > max) hits++
        return toResult(max, totalHits, resetTime?.getTime(), windowMs)
      } catch {
        // The connection logs the loss once.
        uncounted++
        return null
      }
    },
    /** When Redis is lost in between, the unit counts until its window ends. */
    refund: (key) => store.decrement(key).catch(() => {}),
    hits: () => hits,
    uncounted: () => uncounted,
    close() {},
  }
}
