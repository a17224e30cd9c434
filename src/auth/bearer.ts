import type { ApiKey } from '../access/principal.ts'
import { principalOf, principalOfKey } from '../access/principal.ts'
import { apiKeyMark } from '../api-keys/format.ts'
import { AppError } from '../errors/app-error.ts'
import { networkOf } from '../http/caller-deps.ts'
import { probeRoutes } from '../http/probe-routes.ts'
import type { RequestContext } from '../http/request.ts'
import { countAddress, uncountAddress } from '../rate-limits/middleware.ts'
import type { BearerDeps } from './deps.ts'

const bearerScheme = /^bearer(?: +|$)/i

/**
 * Verifies the Authorization header (RFC 6750 2.1) once, without a query: signature and claims, then recent changes of the account's
 * rights. Sets `context.principal`, or `context.refused` to the error that a guarded route answers; neither without a token.
 * @returns a promise only for an API key that must be looked up
 * @throws AppError `rate-limited`, as a rejection of that promise
 */
export function verifyBearer(
  deps: BearerDeps,
  context: RequestContext,
  authorization: string | null,
): Promise<undefined> | undefined {
  if (authorization === null || !bearerScheme.test(authorization)) return undefined
  const token = authorization.slice(authorization.indexOf(' ') + 1).trim()
  if (token.startsWith(apiKeyMark)) return verifyApiKey(deps, context, token)
  const claims = deps.tokens.verifyAccess(token)
  if (typeof claims === 'string') {
    context.refused = new AppError(claims)
    return undefined
  }
  if (claims.cv > deps.catalogue.current.version) deps.feed.pollSoon()
  const verdict = deps.recentChanges.verify(claims)
  if (typeof verdict === 'string') context.refused = new AppError(verdict)
  else context.principal = principalOf(claims, verdict, deps.catalogue.current, deps.now() / 1000)
  return undefined
}

function verifyApiKey(deps: BearerDeps, context: RequestContext, key: string): Promise<undefined> | undefined {
  const cached = deps.apiKeys.findCached(key)
  // Probe routes are not rate-limited, so they must not cause look-ups; they have no guard that needs a principal.
  if (cached === undefined && !probeRoutes.has(context.route)) return lookUpApiKey(deps, context, key)
  admitApiKey(deps, context, cached ?? 'invalid-token')
  return undefined
}

/** Counts the request against its address before the query, so that a flood of unknown keys is limited. */
async function lookUpApiKey(deps: BearerDeps, context: RequestContext, key: string): Promise<undefined> {
  await countAddress(deps, context)
  try {
    admitApiKey(deps, context, await deps.apiKeys.lookUp(key, networkOf(context.ip)))
  } catch (error) {
    // Public routes still answer; guarded ones answer this error.
    if (!(error instanceof AppError)) throw error
    context.refused = error
  }
  if (context.principal) await uncountAddress(context)
}

function admitApiKey(
  deps: BearerDeps,
  context: RequestContext,
  found: ApiKey | 'invalid-token' | 'account-disabled',
): void {
  if (found === 'invalid-token')
    context.refused = new AppError(found, { detail: 'The API key is unknown, was deleted or has expired.' })
  else if (found === 'account-disabled') context.refused = new AppError(found)
  else {
    context.apiKey = found
    context.principal = principalOfKey(found, deps.catalogue.current, deps.now() / 1000)
  }
}
