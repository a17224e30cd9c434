import { Hono } from 'hono'
import { accessRoutes } from './access/routes.ts'
import { apiKeyRoutes } from './accounts/api-key-routes.ts'
import { accountRoutes } from './accounts/routes.ts'
import { adminRoutes } from './admin/routes.ts'
import { judgeBearer } from './auth/guards.ts'
import { keyRoutes } from './auth/key-routes.ts'
import { authRoutes, ownSessionRoutes } from './auth/routes.ts'
import { billingRoutes } from './billing/routes.ts'
import type { Deps } from './deps.ts'
import type { PublicEnv } from './env.ts'
import { AppError } from './errors.ts'
import { createAccessLog } from './http/access-log.ts'
import { chain, enclose, type Step } from './http/chain.ts'
import { createCors } from './http/cors.ts'
import { limitRates, rateLimitHeaders } from './http/rate-limits.ts'
import { toResponse } from './http/respond.ts'
import {
  draining,
  framing,
  identify,
  logAccess,
  methodsOf,
  routing,
  secureHeaders,
  shareAcrossOrigins,
} from './http/steps.ts'
import { countTraffic } from './http/traffic.ts'
import { noInput } from './http/valid.ts'
import { openApiDocument } from './ops/openapi.ts'
import { opsRoutes } from './ops/routes.ts'
import { metered } from './plans/guards.ts'
import { catalogueRoutes } from './plans/routes.ts'

/** The whole service: the chain that every request passes, in order, and every mount. */
export function createApp(deps: Deps) {
  const app = new Hono<PublicEnv>()
  const routes = app
    .route('/', opsRoutes)
    .get('/openapi.json', noInput, async (c) => c.json(await openApiDocument(app, deps.config.publicUrl), 200))
    .route('/', keyRoutes)
    .route('/v1/auth', authRoutes)
    .route('/v1/auth', ownSessionRoutes)
    .route('/v1', accountRoutes)
    .route('/v1/api-keys', apiKeyRoutes)
    .route('/v1', catalogueRoutes)
    .route('/v1', billingRoutes)
    .route('/v1', accessRoutes)
    .route('/v1/admin', adminRoutes)
  const around = chain(deps, stepsOf(deps, app), toResponse)
  enclose(app, (route, handlers) => around(route, metered(route, handlers)))
  return routes
}

/** The chain's steps in order: `before` from first to last, then the handler, then `after` from first to last. */
export function stepsOf(deps: Deps, app: Hono<PublicEnv>): Step[] {
  const { config } = deps
  const cors = createCors(config.allowedOrigins)
  return [
    identify,
    logAccess(createAccessLog(deps.log), deps.networkHash),
    countTraffic(deps.traffic),
    secureHeaders({ https: config.publicUrl.startsWith('https:') }),
    framing,
    shareAcrossOrigins(cors),
    draining(deps.lifecycle),
    rateLimitHeaders,
    routing(
      methodsOf((method, path) => app.router.match(method, path)[0].length > 0),
      cors,
    ),
    bearer(deps),
    limitRates(deps),
    requireFreshness(deps),
    countUsage(deps),
    giveBackQuota(deps),
  ]
}

/** The type that Hono's typed client takes: see docs/typed-client.md. */
export type App = ReturnType<typeof createApp>

/** Who is asking: verified once, whatever the route; without a query, but for an API key that is new here. */
function bearer(deps: Deps): Step {
  return {
    name: 'bearer',
    before(c, call) {
      return judgeBearer(deps, call, c.req.raw.headers.get('authorization'))
    },
    after(headers, call) {
      if (call.principal?.outdated) headers.set('Authz-Refresh', '1')
    },
  }
}

/** What people's own usage statistics count: authorised requests that were answered. */
function countUsage({ usage }: Deps): Step {
  return {
    name: 'usage',
    after(_headers, call, c) {
      if (call.principal && c.res.status < 400) usage.count(call.principal.accountId, call.route)
    },
  }
}

/**
 * What was refused after all, or failed on our side, is not taken from the monthly quota. A feature's own is spent by
 * success alone, and once by a request that is sent again.
 */
function giveBackQuota({ leases }: Deps): Step {
  return {
    name: 'quota',
    after(headers, call, c) {
      if (call.featurePurses && (c.res.status >= 400 || headers.has('Idempotency-Replayed')))
        for (const purse of call.featurePurses) leases.giveBack(purse)
      const isUnserved = c.res.status >= 500 || [401, 402, 403].includes(c.res.status) || isRateLimited(c.error)
      if (call.purse && isUnserved) leases.giveBack(call.purse)
    },
  }
}

/** Nobody's turn came for it; `quota-exceeded` is another matter. */
const isRateLimited = (error: unknown): boolean => error instanceof AppError && error.code === 'rate-limited'

/** Administration fails closed while changes of rights cannot be read: the administrator's own may be among them. */
function requireFreshness({ feed }: Deps): Step {
  return {
    name: 'freshness',
    before(_c, call) {
      if (call.principal && call.route.startsWith('/v1/admin/') && feed.isStale())
        throw new AppError('authorisation-stale')
      return undefined
    },
  }
}
