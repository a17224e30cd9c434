import { rateLimitKey, rateLimitSite } from '../addresses/client-ip.ts'
import type { RefundableTier, Tier } from './limiter.ts'
import { type RateLimitResult, tighter } from './result.ts'

/**
 * A counted request. `result` is over its limit where the request must be refused; the unit counts until it is
 * refunded.
 */
export type Unit = { result: RateLimitResult; refund(): unknown }

/** A tier that counts addresses. */
export type AddressTier = Pick<Tier, 'hits' | 'uncounted' | 'close'> & {
  /** Consumes a unit. Null: the count cannot be reached. In memory it returns no promise. */
  consume(ip: string, max: number): Unit | null | Promise<Unit | null>
}

/** The limit of an IPv6 /48, as a multiple of that of a /64: one site has 65,536 of them. */
const siteShare = 16

/**
 * Counts addresses in a tier: IPv4 whole, IPv6 by the /64 and then by the /48 around it. Requests over the limit of a
 * /64 do not count against its /48.
 */
export function createAddressTier(tier: RefundableTier): AddressTier {
  return {
    consume(ip, max) {
      const key = rateLimitKey(ip)
      return after(tier.consume(key, max), (own) => {
        const site = rateLimitSite(ip)
        if (!own || site === null || own.used > own.limit) return own && toUnit(tier, [key], [own])
        return after(tier.consume(site, max * siteShare), (wide) => wide && toUnit(tier, [key, site], [own, wide]))
      })
    },
    hits: tier.hits,
    uncounted: tier.uncounted,
    close: tier.close,
  }
}

function toUnit(
  tier: RefundableTier,
  keys: [string, ...string[]],
  results: [RateLimitResult, ...RateLimitResult[]],
): Unit {
  return {
    result: results.reduce(tighter),
    refund() {
      for (const result of results) result.used--
      if (keys.length === 1) return tier.refund(keys[0])
      return Promise.all(keys.map((key) => tier.refund(key)))
    },
  }
}

/**
 * Calls `next` with a value or with the result of a promise; a promise is made only where there is one, because it
 * would slow down every request.
 */
function after<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
