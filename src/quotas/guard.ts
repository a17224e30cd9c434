import type { Context, Handler, Hono } from 'hono'
import type { AuthedEnv } from '../access/env.ts'
import { requireFeatures } from '../access/feature-guards.ts'
import { apiAccess } from '../catalogue/catalogue.ts'
import { middleware } from '../http/middleware.ts'
import { isOpenToKeys, policy, policyOf } from '../http/openapi.ts'
import type { RequestContext } from '../http/request.ts'
import { rewriteHandlers } from '../http/route-handlers.ts'
import type { QuotaUnit } from './lease.ts'
import { consumeQuota, featuresWithQuota } from './quotas.ts'

declare module '../http/request.ts' {
  interface RequestContext {
    /** The unit of the monthly quota of API keys that the request consumed. */
    quotaUnit?: QuotaUnit
    /** The units of features' monthly quotas that the request consumed. */
    featureUnits?: QuotaUnit[]
  }
}

/**
 * 429 `quota-exceeded` once a feature was used in a month as often as its limit allows: the override's, else the
 * plan's; without either there is none. Requests with tokens and API keys consume a unit alike; it is refunded where
 * the request is refused or fails, and for a repeat under an Idempotency-Key. 403 `feature-not-in-plan` without the
 * feature. Place it behind the input's validation.
 */
export function requireQuota(feature: string) {
  featuresWithQuota.add(feature)
  const guard = middleware<AuthedEnv>({
    name: 'requireQuota',
    before(c) {
      requireFeatures(c.get('deps').catalogue.current, c.get('principal'), [feature])
      return consume(c, feature, (context, unit) => {
        context.featureUnits = [...(context.featureUnits ?? []), unit]
      })
    },
  })
  return policy(`quota ${feature}`, guard, ['feature-not-in-plan', 'quota-exceeded'])
}

/**
 * 429 `quota-exceeded` once the monthly requests of API keys are used up. Consumes one; requests with access tokens
 * pass. Every route that is open to keys has it behind its last guard; a route that needs it elsewhere names it there.
 */
export const requireApiQuota = policy(
  'quota',
  middleware<AuthedEnv>({
    name: 'requireApiQuota',
    before(c) {
      if (c.get('principal').apiKeyId === null) return
      return consume(c, apiAccess, (context, unit) => {
        context.quotaUnit = unit
      })
    },
  }),
  ['quota-exceeded'],
)

/** Consumes a unit; returns a promise only where it must wait. */
function consume(c: Context<AuthedEnv>, feature: string, keep: (context: RequestContext, unit: QuotaUnit) => void) {
  const deps = c.get('deps')
  const spent = consumeQuota(deps, c.get('principal'), feature)
  if (!(spent instanceof Promise)) {
    keep(c.get('context'), spent)
    return
  }
  return spent.then((unit): undefined => {
    // The deadline passed during the wait, and the request was answered 504.
    if (c.finalized) deps.leases.refund(unit)
    else keep(c.get('context'), unit)
  })
}

/** Routes that services poll are exempt. */
const free = new Set(['/v1/authz/changes'])

/** Adds `requireApiQuota` behind the last guard of every route that is open to API keys. */
export function withQuota<T extends Pick<Hono, 'routes'>>(app: T): T {
  return rewriteHandlers(app, withQuotaGuard)
}

/** The handlers of a route with `requireApiQuota` behind its last guard. */
export function withQuotaGuard(route: string, handlers: readonly Handler[]): readonly Handler[] {
  const demands = handlers.map(policyOf)
  if (!demands.some(isOpenToKeys) || demands.includes('quota') || free.has(route)) return handlers
  const lastGuard = demands.findLastIndex((demand) => demand !== undefined && !demand.startsWith('quota '))
  return handlers.toSpliced(lastGuard + 1, 0, requireApiQuota)
}
