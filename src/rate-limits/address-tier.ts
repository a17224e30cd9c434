import { rateLimitKey, rateLimitSite } from '../addresses/client-ip.ts'
import type { ReturningTier, Tier } from './limiter.ts'
import { type Tally, tighter } from './result.ts'

/** A request that was counted. `tally` is over its limit where it is to be refused; the unit stays taken until it is given back. */
export type Unit = { tally: Tally; giveBack(): unknown }

/** A tier that counts addresses. */
export type AddressTier = Pick<Tier, 'hits' | 'uncounted' | 'close'> & {
  /** Takes a unit. Null: nobody could count. In memory it answers at once. */
  take(ip: string, max: number): Unit | null | Promise<Unit | null>
}

/**
 * Whoever holds an IPv6 /48 holds 65,536 networks of the kind that one subscriber is counted by: all of them together may
 * do this many times what one may.
 */
const siteShare = 16

/**
 * Counts addresses in a tier: IPv4 whole, IPv6 by the /64 and then by the /48 around it. A /64 that is over its own limit
 * costs its neighbours nothing.
 */
export function createAddressTier(tier: ReturningTier): AddressTier {
  return {
    take(ip, max) {
      const key = rateLimitKey(ip)
      return after(tier.take(key, max), (own) => {
        const site = rateLimitSite(ip)
        if (!own || site === null || own.used > own.limit) return own && toUnit(tier, [key], [own])
        return after(tier.take(site, max * siteShare), (wide) => wide && toUnit(tier, [key, site], [own, wide]))
      })
    },
    hits: tier.hits,
    uncounted: tier.uncounted,
    close: tier.close,
  }
}

function toUnit(tier: ReturningTier, keys: [string, ...string[]], tallies: [Tally, ...Tally[]]): Unit {
  return {
    tally: tallies.reduce(tighter),
    giveBack() {
      for (const tally of tallies) tally.used--
      if (keys.length === 1) return tier.giveBack(keys[0])
      return Promise.all(keys.map((key) => tier.giveBack(key)))
    },
  }
}

/** Goes on at once where nothing has to be waited for: a promise would cost every request. */
function after<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value)
}
