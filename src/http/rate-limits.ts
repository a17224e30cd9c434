import type { Deps } from '../deps.ts'
import type { Call } from '../env.ts'
import type { Step } from './chain.ts'
import { rateLimitKey } from './client-ip.ts'
import { requireWithin, setRateLimitHeaders } from './limits.ts'

type Counted = Pick<Deps, 'limits' | 'config'>

/** Asked by machines, every few seconds: never limited. */
const unlimited = new Set(['/live', '/ready', '/health', '/metrics'])

export const isUnlimited = (route: string): boolean => unlimited.has(route)

/**
 * Counts a request against its address, once; a bearer that costs a query is counted before it is looked up.
 * @throws AppError `rate-limited`
 */
export function countAddress({ limits, config }: Counted, call: Call): void {
  if (!limits.global || !config.rateLimitGlobal || call.tally) return
  call.tally = limits.global.take(rateLimitKey(call.ip), config.rateLimitGlobal.max)
  requireWithin(call.tally)
}

/** Gives the unit back: the bearer turned out to be good, and the account's own tier counts the request. */
export function uncountAddress({ limits }: Counted, call: Call): void {
  if (call.tally) limits.global?.giveBack(rateLimitKey(call.ip))
  call.tally = null
}

/** The global tier per address without a valid bearer, the API tier per account with one, at the plan's own rate. */
export function limitRates(deps: Deps): Step {
  const { limits, config, catalogue } = deps
  return {
    name: 'rate limits',
    before(_c, call) {
      if (isUnlimited(call.route)) return undefined
      const { principal } = call
      if (principal && limits.api) {
        const max =
          config.rateLimitApi === 'plan'
            ? catalogue.current.plans.get(principal.plan)?.limits.apiRequestsPerMinute
            : config.rateLimitApi
        if (typeof max !== 'number') return undefined
        call.tally = limits.api.take(principal.accountId, max)
        requireWithin(call.tally)
      } else if (!principal) countAddress(deps, call)
      return undefined
    },
  }
}

/** `RateLimit` of the tier with the least left. */
export const rateLimitHeaders: Step = {
  name: 'rate limit headers',
  after(headers, call) {
    if (call.tally) setRateLimitHeaders(headers, call.tally)
  },
}
