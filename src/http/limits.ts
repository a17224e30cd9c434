import { MemoryStore, type Store } from 'hono-rate-limiter'
import { AppError } from '../errors.ts'

/** One limiter's count for one caller, as `RateLimit` tells it. Times in epoch milliseconds. */
export type Tally = { limit: number; used: number; resetAt: number; windowSeconds: number }

/** Entries a memory store may hold; beyond it, those untouched for a window are dropped early. */
const MaxKeys = 500_000

/** One tier: `max` units per window and key. */
export type Tier = ReturnType<typeof createTier>

/** The three tiers; null where one is switched off. */
export type Limits = { global: Tier | null; auth: Tier | null; api: Tier | null }

/**
 * A tier on a hono-rate-limiter store. Its own middleware is not used: a unit may be given back, three tiers share one
 * pair of headers, and log-in judges the lockout before the tier.
 */
export function createTier(
  windowMs: number,
  store: Store & { init?: (options: never) => unknown } = new MemoryStore(),
) {
  store.init?.({ windowMs } as never)
  let hits = 0
  return {
    /** Takes a unit. Over `max` the tally says so; the unit stays taken unless it is given back. */
    take(key: string, max: number): Tally {
      // biome-ignore lint/complexity/useLiteralKeys: the library declares it private, and has no other way to drop what is old
      if (store instanceof MemoryStore && store.current.size + store.previous.size > MaxKeys) store['clearExpired']()
      const counted = store.increment(key)
      if (counted instanceof Promise) throw new Error('an asynchronous store needs an asynchronous tier')
      const { totalHits, resetTime } = counted
      if (totalHits > max) hits++
      return {
        limit: max,
        used: totalHits,
        resetAt: resetTime?.getTime() ?? Date.now() + windowMs,
        windowSeconds: Math.ceil(windowMs / 1000),
      }
    },
    giveBack(key: string): void {
      void store.decrement(key)
    },
    /** How often a unit was taken over `max`, since the start. */
    hits: () => hits,
    close(): void {
      void store.shutdown?.()
    },
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
