import type { Deps } from '../deps.ts'
import type { Step } from './chain.ts'
import { rateLimitKey } from './client-ip.ts'
import { requireWithin, setRateLimitHeaders, tighter } from './limits.ts'

/** Asked by machines, every few seconds: never limited. */
const unlimited = new Set(['/live', '/ready', '/health', '/metrics'])

/** The global tier per address without a valid bearer, the API tier per account with one, at the plan's own rate. */
export function limitRates({ limits, config, catalogue }: Deps): Step {
  return {
    name: 'rate limits',
    before(_c, call) {
      if (unlimited.has(call.route)) return undefined
      const { principal } = call
      if (principal && limits.api) {
        const max =
          config.rateLimitApi === 'plan'
            ? catalogue.current.plans.get(principal.plan)?.limits.apiRequestsPerMinute
            : config.rateLimitApi
        if (typeof max !== 'number') return undefined
        call.tally = limits.api.take(principal.accountId, max)
        requireWithin(call.tally)
      } else if (!principal && limits.global && config.rateLimitGlobal) {
        call.tally = tighter(null, limits.global.take(rateLimitKey(call.ip), config.rateLimitGlobal.max))
        requireWithin(call.tally)
      }
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
