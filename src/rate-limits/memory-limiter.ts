import { MemoryStore } from 'hono-rate-limiter'
import type { RefundableTier } from './limiter.ts'
import { type RateLimitResult, toResult } from './result.ts'

/**
 * A tier on hono-rate-limiter's store in memory. Its own middleware is not used: a unit may be refunded, several tiers
 * share one pair of headers, and log-in checks the lockout before the tier.
 *
 * The store keeps two generations and drops the older once a window. When the younger has half of `limit` keys they are
 * swapped early: at most `limit` keys are held, and under a flood of addresses the idle ones are dropped first.
 */
export function createMemoryTier(windowMs: number, limit = maxKeys) {
  const store = new MemoryStore()
  store.init({ windowMs } as never)
  let hits = 0
  return {
    consume(key: string, max: number): RateLimitResult {
      // biome-ignore lint/complexity/useLiteralKeys: the library declares it private, and has no other way to drop what is old
      if (store.current.size >= limit / 2) store['clearExpired']()
      const { totalHits, resetTime } = store.increment(key)
      if (totalHits > max) hits++
      return toResult(max, totalHits, resetTime?.getTime(), windowMs)
    },
    refund: (key: string): void => store.decrement(key),
    hits: () => hits,
    uncounted: () => 0,
    /** The number of keys in memory. */
    size: (): number => store.current.size + store.previous.size,
    close: (): void => store.shutdown(),
  } satisfies RefundableTier & { size(): number }
}

/** The most keys of one tier in memory, of 300 to 400 bytes each (bench/memory.ts). */
export const maxKeys = 250_000
