import { Hono, type MiddlewareHandler } from 'hono'
import type { Principal } from './access/principal.ts'
import { withAdminMfa } from './access/strength-guards.ts'
import { accountRoutes } from './account/routes.ts'
import { countUsage } from './account/usage-middleware.ts'
import { acceptanceRoutes } from './admin/invitations/routes.ts'
import { adminRoutes } from './admin/routes.ts'
import { apiKeyRoutes } from './api-keys/routes.ts'
import type { AppDeps } from './app-deps.ts'
import { verifyBearer } from './auth/bearer.ts'
import { keyRoutes } from './auth/jwks-routes.ts'
import { recentOrPassword } from './auth/recent-guard.ts'
import { authRoutes, ownSessionRoutes } from './auth/routes.ts'
import { requireStillSignedIn } from './auth/sessions.ts'
import { sandboxRoutes } from './billing/providers/sandbox/routes.ts'
import { billingRoutes } from './billing/routes.ts'
import { webhookRoutes } from './billing/webhook-routes.ts'
import { catalogueRoutes } from './catalogue/routes.ts'
import { accessRoutes } from './changes/routes.ts'
import { consentRoutes } from './consents/routes.ts'
import { consoleRoutes } from './console/routes.ts'
import { AppError } from './errors/app-error.ts'
import { deadline } from './http/deadline.ts'
import { fuse } from './http/fuse.ts'
import { answerHead, keepHeadResponse } from './http/head.ts'
import { noInput } from './http/input/validate.ts'
import { createCors, shareAcrossOrigins } from './http/middleware/cors.ts'
import { draining } from './http/middleware/draining.ts'
import { framing } from './http/middleware/framing.ts'
import { notFoundOrMethod, routing } from './http/middleware/not-found.ts'
import { identify, openContext } from './http/middleware/request-context.ts'
import { secureHeaders } from './http/middleware/secure-headers.ts'
import { spelling } from './http/middleware/spelling.ts'
import { wholeMessage } from './http/middleware/whole-message.ts'
import { middleware } from './http/middleware.ts'
import { toResponse } from './http/output/on-error.ts'
import { streaming } from './http/output/streaming.ts'
import { contextOf, type PublicEnv } from './http/request.ts'
import { keptMailRoutes } from './mail/kept-routes.ts'
import { ownFactorRoutes } from './mfa/routes.ts'
import { reauthenticationRoutes, secondStepRoutes } from './mfa/sign-in-routes.ts'
import { operationsRoutes } from './ops/admin-routes.ts'
import { opsRoutes } from './ops/routes.ts'
import { pageRoutes } from './pages/routes.ts'
import { ownPasskeyRoutes, passkeySignInRoutes } from './passkeys/routes.ts'
import { withQuota } from './quotas/guard.ts'
import { limitRates, rateLimitHeaders } from './rate-limits/middleware.ts'
import { ownEmailRoutes, recoveryRoutes } from './recovery/routes.ts'
import { identityRoutes, ssoRoutes } from './sso/routes.ts'
import { teamInvitationRoutes } from './teams/invitation-routes.ts'
import { teamRoutes } from './teams/routes.ts'
import { createAccessLog, logAccess } from './telemetry/access-log.ts'
import { describeSpan, traceRequests } from './telemetry/request-spans.ts'
import { countTraffic } from './telemetry/traffic.ts'
import { operatorsWebhookRoutes, ownWebhookRoutes } from './webhooks/routes.ts'

/** The whole service: the middleware of every request, in order, and every mount. */
export function createApp(deps: AppDeps, mounts = mountRoutes()) {
  const app = openApp(deps)
  const { publicUrl } = deps.config
  const fused = fuse(
    app
      .get('/openapi.json', noInput, async (c) => {
        const { openApiDocument } = await import('./ops/openapi.ts')
        return c.json(await openApiDocument(app, publicUrl), 200)
      })
      .route('/', mounts),
  )
  if (deps.tracer) traceRequests(app, deps.tracer)
  return fused
}

/** Every mount. It needs no open resources, so the OpenAPI document can be made without a database. */
export function mountRoutes() {
  const mounts = new Hono<PublicEnv>()
    .route('/', opsRoutes)
    .route('/', keyRoutes)
    .route('/', pageRoutes)
    .route('/', consoleRoutes)
    .route('/dev', keptMailRoutes)
    .route('/sandbox', sandboxRoutes)
    .route('/v1/auth', authRoutes)
    .route('/v1/auth', ownSessionRoutes)
    .route('/v1/auth', recoveryRoutes)
    .route('/v1/auth', secondStepRoutes)
    .route('/v1/auth', reauthenticationRoutes)
    .route('/v1/auth', acceptanceRoutes)
    .route('/v1/auth', passkeySignInRoutes)
    .route('/v1/me/passkeys', ownPasskeyRoutes)
    .route('/v1/auth', ssoRoutes)
    .route('/v1', identityRoutes)
    .route('/v1', ownEmailRoutes)
    .route('/v1', accountRoutes)
    .route('/v1', consentRoutes)
    .route('/v1/me/mfa', ownFactorRoutes)
    .route('/v1/api-keys', apiKeyRoutes({ recentOrPassword, requireStillSignedIn }))
    .route('/v1', catalogueRoutes)
    .route('/v1', billingRoutes)
    .route('/v1', webhookRoutes)
    .route('/v1', ownWebhookRoutes)
    .route('/v1', teamRoutes)
    .route('/v1', teamInvitationRoutes)
    .route('/v1', accessRoutes)
    .route('/v1/admin', adminRoutes)
    .route('/v1/admin', operatorsWebhookRoutes)
    .route('/v1/admin', operationsRoutes)
  return withQuota(withAdminMfa(mounts))
}

/** An app without routes but with the middleware of every request. Call `fuse` after the last route. */
export function openApp(deps: AppDeps) {
  const app = new Hono<PublicEnv>()
  app.use(...everywhere(deps))
  app.use('/v1/admin/*', freshRightsOnly(deps))
  app.onError(toResponse).notFound(notFoundOrMethod(app, createCors(deps.config.allowedOrigins)))
  answerHead(app)
  return app
}

/**
 * The middleware of every request, the outermost first. Those down to `deadline` see every answer; those behind it
 * check the request, in the order of the contract.
 */
export function everywhere(deps: AppDeps): MiddlewareHandler<PublicEnv>[] {
  const { config } = deps
  return [
    openContext(deps),
    keepHeadResponse,
    streaming(),
    ...(deps.tracer ? [describeSpan(deps.tracer)] : []),
    logAccess(createAccessLog(deps.log), deps.networkHash),
    countTraffic(deps.traffic),
    identify,
    secureHeaders({ https: config.publicUrl.startsWith('https:') }),
    shareAcrossOrigins(createCors(config.allowedOrigins)),
    draining(deps.lifecycle),
    rateLimitHeaders,
    countUsage(deps),
    refundQuota(deps),
    deadline(config.requestTimeoutMs, config.idleTimeoutSeconds),
    framing,
    spelling,
    routing,
    wholeMessage,
    bearer(deps),
    limitRates(deps),
  ]
}

/** The type for Hono's typed client: see docs/typed-client.md. */
export type App = ReturnType<typeof createApp>

/**
 * Verifies the bearer once, whatever the route; without a query, except for an API key that is not cached. Public
 * routes, whose answers may be cached for all, get no `Authz-Refresh` header: only a guard sets the variable
 * `principal`.
 */
function bearer(deps: AppDeps) {
  return middleware<GuardedEnv>({
    name: 'bearer',
    before: (c) => verifyBearer(deps, contextOf(c), c.req.raw.headers.get('authorization')),
    sets: { 'Authz-Refresh': (c) => (c.get('principal')?.outdated ? '1' : undefined) },
  })
}

type GuardedEnv = PublicEnv & { Variables: { principal?: Principal } }

/**
 * Refunds the quota unit of a request that was refused later or failed on our side. The quota of a feature is consumed
 * only by success, and once by a repeated request.
 */
function refundQuota({ leases }: AppDeps) {
  return middleware<PublicEnv>({
    name: 'refundQuota',
    after(c) {
      const { featureUnits, quotaUnit } = contextOf(c)
      if (!featureUnits && !quotaUnit) return
      const { status, headers } = c.res
      if (featureUnits && (status >= 400 || headers.has('Idempotency-Replayed')))
        for (const unit of featureUnits) leases.refund(unit)
      const isUnserved = status >= 500 || [401, 402, 403].includes(status) || isRateLimited(c.error)
      if (quotaUnit && isUnserved) leases.refund(quotaUnit)
    },
  })
}

/** Requests refused by a rate limit; `quota-exceeded` is not one. */
const isRateLimited = (error: unknown): boolean => error instanceof AppError && error.code === 'rate-limited'

/** Refuses administration while changes of rights cannot be read: the administrator's own rights may be among them. */
function freshRightsOnly({ feed }: AppDeps) {
  return middleware<PublicEnv>({
    name: 'freshRightsOnly',
    before(c) {
      if (contextOf(c).principal && feed.isStale()) throw new AppError('authorisation-stale')
    },
  })
}
