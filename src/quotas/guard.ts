import type { Context, Handler, Hono } from 'hono'
import type { AuthedEnv } from '../access/env.ts'
import { requireFeatures } from '../access/feature-guards.ts'
import { apiAccess } from '../catalogue/catalogue.ts'
import { middleware } from '../http/middleware.ts'
import { isOpenToKeys, policy, policyOf } from '../http/openapi.ts'
import type { RequestContext } from '../http/request.ts'
import type { Purse } from './lease.ts'
import { featuresWithQuota, spendQuota } from './quotas.ts'

declare module '../http/request.ts' {
  interface RequestContext {
    /** The source of its unit of the monthly quota. */
    purse?: Purse
    /** The sources of its units of features' own monthly limits. */
    featurePurses?: Purse[]
  }
}

/**
 * 429 `quota-exceeded` once a feature was used as often as its limit allows in a month: the override's, else the plan's, none
 * where neither has one. Whoever asks, with a token or an API key, spends a unit; a request that is refused or fails, and
 * a repeat under an Idempotency-Key, gets it back. 403 `feature-not-in-plan` without the feature. Place it behind the input's validation.
 */
export function requireQuota(feature: string) {
  featuresWithQuota.add(feature)
  const guard = middleware<AuthedEnv>({
    name: 'requireQuota',
    before(c) {
      requireFeatures(c.get('deps').catalogue.current, c.get('principal'), [feature])
      return spend(c, feature, (context, purse) => {
        context.featurePurses = [...(context.featurePurses ?? []), purse]
      })
    },
  })
  return policy(`quota ${feature}`, guard, ['feature-not-in-plan', 'quota-exceeded'])
}

/**
 * 429 `quota-exceeded` once the requests that API keys may make in a month are used up. Spends one of them; requests with
 * access tokens pass. Every route that is open to keys has it behind its last guard; one that wants it elsewhere names it there.
 */
export const requireApiQuota = policy(
  'quota',
  middleware<AuthedEnv>({
    name: 'requireApiQuota',
    before(c) {
      if (c.get('principal').apiKeyId === null) return
      return spend(c, apiAccess, (context, purse) => {
        context.purse = purse
      })
    },
  }),
  ['quota-exceeded'],
)

/** A promise only where a unit must be waited for. */
function spend(c: Context<AuthedEnv>, feature: string, keep: (context: RequestContext, purse: Purse) => void) {
  const deps = c.get('deps')
  const spent = spendQuota(deps, c.get('principal'), feature)
  if (!(spent instanceof Promise)) {
    keep(c.get('context'), spent)
    return
  }
  return spent.then((purse): undefined => {
    // Its time was up while it waited: it has its 504, and nothing is done for it.
    if (c.finalized) deps.leases.giveBack(purse)
    else keep(c.get('context'), purse)
  })
}

/** What services poll to stay right costs their owner nothing. */
const free = new Set(['/v1/authz/changes'])

/** Puts `requireApiQuota` behind the last guard of every route that is open to API keys. */
export function withQuota<T extends Pick<Hono, 'routes'>>(app: T): T {
  const routes = Map.groupBy(app.routes, ({ method, path }) => `${method} ${path}`)
  app.routes = [...routes.values()].flatMap(([route, ...more]) => {
    const handlers = [route, ...more].flatMap((one) => one?.handler ?? [])
    return route ? metered(route.path, handlers).map((handler) => ({ ...route, handler })) : []
  })
  return app
}

/** The handlers of a route with `requireApiQuota` behind its last guard. */
export function metered(route: string, handlers: readonly Handler[]): readonly Handler[] {
  const demands = handlers.map(policyOf)
  if (!demands.some(isOpenToKeys) || demands.includes('quota') || free.has(route)) return handlers
  const lastGuard = demands.findLastIndex((demand) => demand !== undefined && !demand.startsWith('quota '))
  return handlers.toSpliced(lastGuard + 1, 0, requireApiQuota)
}
