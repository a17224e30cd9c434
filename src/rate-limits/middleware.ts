import type { Config } from '../config/config.ts'
import { middleware } from '../http/middleware.ts'
import { probeRoutes } from '../http/probe-routes.ts'
import { contextOf, type PublicEnv, type RequestContext } from '../http/request.ts'
import type { Unit } from './address-tier.ts'
import type { RateLimitDeps } from './deps.ts'
import type { Limits } from './limiters.ts'
import { requireWithin, type Tally, toRateLimit, toRateLimitPolicy } from './result.ts'

declare module '../http/request.ts' {
  interface RequestContext {
    /** The result of the limiter with the least left, for `RateLimit`. */
    tally?: Tally | null
    /** Whether the address was counted, or the attempt was made. */
    addressCounted?: boolean
    /** The unit that the address was charged, where somebody could count. */
    addressUnit?: Unit | null
    /** The auth limiter's result, on the routes that it guards; `unknown` when nobody could count. */
    authTally?: Tally | 'unknown'
  }
}

/** What counting an address uses. */
type AddressDeps = { limits: Pick<Limits, 'global'>; config: Pick<Config, 'rateLimitGlobal'> }

/**
 * Counts a request against its address, once; a bearer that costs a query is counted before it is looked up. Returns a
 * promise only where the store makes one.
 * @throws AppError `rate-limited`, by that promise if there is one
 */
export function countAddress({ limits, config }: AddressDeps, context: RequestContext): undefined | Promise<undefined> {
  if (!limits.global || !config.rateLimitGlobal || context.addressCounted) return undefined
  context.addressCounted = true
  return judgeUnit(context, limits.global.take(context.ip, config.rateLimitGlobal.max))
}

/** Gives the unit back: the bearer turned out to be good, and the account's own tier counts the request. */
export async function uncountAddress(context: RequestContext): Promise<void> {
  await context.addressUnit?.giveBack()
  context.tally = null
}

/**
 * The global tier per address without a valid bearer, the API tier per account with one, at the plan's own rate. When
 * nobody can count, both are open: an outage of the limiter must not become one of the service.
 */
export function limitRates(deps: RateLimitDeps) {
  const { limits, config, catalogue } = deps
  return middleware<PublicEnv>({
    name: 'limitRates',
    before(c) {
      const context = contextOf(c)
      if (probeRoutes.has(context.route)) return undefined
      const { principal } = context
      if (principal && limits.api) {
        const max =
          config.rateLimitApi === 'plan'
            ? catalogue.current.plans.get(principal.plan)?.limits.apiRequestsPerMinute
            : config.rateLimitApi
        if (typeof max !== 'number') return undefined
        return judge(context, limits.api.take(principal.accountId, max))
      }
      return principal ? undefined : countAddress(deps, context)
    },
  })
}

function judgeUnit(
  context: RequestContext,
  counted: Unit | null | Promise<Unit | null>,
): undefined | Promise<undefined> {
  if (counted instanceof Promise) return counted.then((unit) => judgeUnit(context, unit) as undefined)
  context.addressUnit = counted
  return judge(context, counted?.tally ?? null)
}

/** Passes on a promise only where the store made one. */
function judge(context: RequestContext, counted: Tally | null | Promise<Tally | null>): undefined | Promise<undefined> {
  if (counted instanceof Promise) return counted.then((tally) => judge(context, tally) as undefined)
  if (counted === null) return undefined
  context.tally = counted
  requireWithin(counted)
}

/** `RateLimit` of the tier with the least left. */
export const rateLimitHeaders = middleware<PublicEnv>({
  name: 'rateLimitHeaders',
  sets: {
    RateLimit: (c) => toRateLimit(contextOf(c).tally),
    'RateLimit-Policy': (c) => toRateLimitPolicy(contextOf(c).tally),
  },
})
