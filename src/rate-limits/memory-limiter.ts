import { MemoryStore } from 'hono-rate-limiter'
import type { RefundableTier } from './limiter.ts'
import { type RateLimitResult, toResult } from './result.ts'

/**
 * A tier on hono-rate-limiter's store in memory. Its own middleware is not used: a unit may be refunded, several tiers
 * share one pair of headers, and log-in judges the lockout before the tier.
 *
 * The store keeps two generations and drops the older once a window. Past half of `limit` keys in the younger they change
 * places early: at most `limit` are ever held, and under a flood of addresses the idle ones are forgotten first.
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
    /** Callers that are remembered now. */
    size: (): number => store.current.size + store.previous.size,
    close: (): void => store.shutdown(),
  } satisfies RefundableTier & { size(): number }
}

/** Callers that one tier remembers in memory, at 300 to 400 bytes each (bench/memory.ts). */
export const maxKeys = 250_000
