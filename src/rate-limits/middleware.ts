import { middleware } from '../http/middleware.ts'
import { probeRoutes } from '../http/probe-routes.ts'
import { contextOf, type PublicEnv, type RequestContext } from '../http/request.ts'
import type { Unit } from './address-tier.ts'
import type { RateLimitDeps } from './deps.ts'
import type { Limits } from './limiters.ts'
import { type RateLimitResult, throwIfExceeded, toRateLimit, toRateLimitPolicy } from './result.ts'
import type { RateLimitConfig } from './variables.ts'

declare module '../http/request.ts' {
  interface RequestContext {
    /** The result of the limiter with the least left, for `RateLimit`. */
    rateLimit?: RateLimitResult | null
    /** Whether the address was counted, or that was tried. */
    addressCounted?: boolean
    /** The unit that the address consumed; null where it could not be counted. */
    addressUnit?: Unit | null
    /** The auth limiter's result, on the routes that it guards; `unknown` while the count is out of reach. */
    authResult?: RateLimitResult | 'unknown'
  }
}

/** Routes that count addresses themselves, after they have verified the sender. */
const countingRoutes: ReadonlySet<string> = new Set(['/v1/billing/webhooks/:provider'])

/** Dependencies of counting an address. */
type AddressDeps = { limits: Pick<Limits, 'global'>; config: Pick<RateLimitConfig, 'rateLimitGlobal'> }

/**
 * Counts a request against its address, once; a bearer that costs a query is counted before it is looked up. Returns a
 * promise only where the store does.
 * @throws AppError `rate-limited`, by that promise if there is one
 */
export function countAddress({ limits, config }: AddressDeps, context: RequestContext): undefined | Promise<undefined> {
  if (!limits.global || !config.rateLimitGlobal || context.addressCounted) return undefined
  context.addressCounted = true
  return enforceUnit(context, limits.global.consume(context.ip, config.rateLimitGlobal.max))
}

/** Refunds the address's unit: the bearer is valid, and the account's own tier counts the request. */
export async function uncountAddress(context: RequestContext): Promise<void> {
  await context.addressUnit?.refund()
  context.rateLimit = null
}

/**
 * The global tier per address without a valid bearer, the API tier per account with one, at the plan's own rate. While
 * the count cannot be reached, both let all requests pass: an outage of the limiter must not become one of the service.
 */
export function limitRates(deps: RateLimitDeps) {
  const { limits, config, catalogue } = deps
  return middleware<PublicEnv>({
    name: 'limitRates',
    before(c) {
      const context = contextOf(c)
      if (probeRoutes.has(context.route) || countingRoutes.has(context.route)) return undefined
      const { principal } = context
      if (principal && limits.api) {
        const max =
          config.rateLimitApi === 'plan'
            ? catalogue.current.plans.get(principal.plan)?.limits.apiRequestsPerMinute
            : config.rateLimitApi
        if (typeof max !== 'number') return undefined
        return enforce(context, limits.api.consume(principal.accountId, max))
      }
      return principal ? undefined : countAddress(deps, context)
    },
  })
}

function enforceUnit(
  context: RequestContext,
  counted: Unit | null | Promise<Unit | null>,
): undefined | Promise<undefined> {
  if (counted instanceof Promise) return counted.then((unit) => enforceUnit(context, unit) as undefined)
  context.addressUnit = counted
  return enforce(context, counted?.result ?? null)
}

/** Returns a promise only where the store does. */
function enforce(
  context: RequestContext,
  counted: RateLimitResult | null | Promise<RateLimitResult | null>,
): undefined | Promise<undefined> {
  if (counted instanceof Promise) return counted.then((result) => enforce(context, result) as undefined)
  if (counted === null) return undefined
  context.rateLimit = counted
  throwIfExceeded(counted)
}

/** `RateLimit` of the tier with the least left. */
export const rateLimitHeaders = middleware<PublicEnv>({
  name: 'rateLimitHeaders',
  sets: {
    RateLimit: (c) => toRateLimit(contextOf(c).rateLimit),
    'RateLimit-Policy': (c) => toRateLimitPolicy(contextOf(c).rateLimit),
  },
})
