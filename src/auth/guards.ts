import { createMiddleware } from 'hono/factory'
import { principalOf } from '../access/principal.ts'
import type { Deps } from '../deps.ts'
import type { AuthedEnv, Call, PublicEnv } from '../env.ts'
import { AppError } from '../errors.ts'
import { rateLimitKey } from '../http/client-ip.ts'
import { requireWithin, resetSeconds, tighter } from '../http/limits.ts'
import { policy } from '../http/openapi.ts'

const bearerScheme = /^bearer(?: +|$)/i

/**
 * Judges the Authorization header once, without a query: signature and claims, then what changed since (the overlay).
 * Fills in `call.principal`, or `call.refused` with the 401 that a guarded route will answer.
 */
export function judgeBearer(deps: Deps, call: Call, authorization: string | null): void {
  if (authorization === null || !bearerScheme.test(authorization)) {
    call.refused = new AppError('authentication-required')
    return
  }
  const claims = deps.tokens.verifyAccess(authorization.slice(authorization.indexOf(' ') + 1).trim())
  if (typeof claims === 'string') {
    call.refused = new AppError(claims)
    return
  }
  const verdict = deps.overlay.judge(claims)
  if (typeof verdict === 'string') call.refused = new AppError(verdict)
  else call.principal = principalOf(claims, verdict, deps.catalogue.current, deps.now() / 1000)
}

/** 401 unless the request carries a valid access token of a live session. Zero queries. */
export const authenticate = policy(
  'authenticated',
  createMiddleware<AuthedEnv>(function authenticate(c, next) {
    const call = c.get('call')
    if (!call.principal) throw call.refused ?? new AppError('authentication-required')
    c.set('principal', call.principal)
    return next()
  }),
  ['authentication-required', 'invalid-token', 'token-expired', 'session-revoked', 'account-disabled'],
)

/**
 * The auth tier: counts failures per address, and gives the unit back on every answer that is none. With `deferred` the
 * route asks `throttledForSeconds` itself, after body and lockout were judged.
 */
export function authTier({ deferred }: { deferred: boolean }) {
  return createMiddleware<PublicEnv>(async function authTier(c, next) {
    const { limits, config } = c.get('deps')
    const call = c.get('call')
    if (!limits.auth || !config.rateLimitAuth) return next()
    const key = rateLimitKey(call.ip)
    const tally = limits.auth.take(key, config.rateLimitAuth.max)
    call.tally = tighter(call.tally, tally)
    call.authTally = tally
    const keep = () => isFailure(c.res.status, c.error)
    try {
      if (!deferred) requireWithin(tally)
      await next()
    } catch (error) {
      limits.auth.giveBack(key)
      tally.used--
      throw error
    }
    if (!keep()) {
      limits.auth.giveBack(key)
      tally.used--
    }
  })
}

/** Seconds until an address that has used up its failures may try again; null while it may. */
export function throttledForSeconds({ authTally }: Call): number | null {
  return authTally && authTally.used > authTally.limit ? resetSeconds(authTally) : null
}

/** What the auth tier counts: 401, 409, and 429 `account-locked`. */
function isFailure(status: number, error: Error | undefined): boolean {
  return status === 401 || status === 409 || (error instanceof AppError && error.code === 'account-locked')
}
