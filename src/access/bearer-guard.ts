import { isWithin } from '../addresses/networks.ts'
import { apiAccess } from '../catalogue/catalogue.ts'
import { AppError, type ProblemCode } from '../errors/app-error.ts'
import { middleware } from '../http/middleware.ts'
import { keyPolicyPrefix, policy } from '../http/openapi.ts'
import { contextOf, type RequestContext, type Services } from '../http/request.ts'
import type { AuthedEnv } from './env.ts'
import { requireFeatures } from './feature-guards.ts'
import type { ApiKey, Principal } from './principal.ts'

/** 403 for a valid key that is used from another network, whose owner's plan has no API access, or that lacks `permission`. */
function requireUsable(
  deps: Services,
  context: RequestContext,
  { id, networks }: ApiKey,
  principal: Principal,
  permission: string,
): void {
  if (networks && !isWithin(networks, context.ip))
    throw new AppError('api-key-not-allowed', { detail: 'This API key may not be used from this address.' })
  requireFeatures(deps.catalogue.current, principal, [apiAccess])
  if (!principal.permissions.includes(permission))
    throw new AppError('permission-denied', { members: { requiredPermissions: [permission] } })
  deps.apiKeys.recordUse(id)
}

const refusals: ProblemCode[] = [
  'authentication-required',
  'invalid-token',
  'token-expired',
  'session-revoked',
  'account-disabled',
  'api-key-not-allowed',
]

/**
 * 401 unless the request carries a valid access token of a live session. Zero queries. API keys are refused; a route that is
 * open to them uses `authenticateOrKey` instead.
 */
export const authenticate = bearerGuard('authenticated', null, refusals)

/** The same for access tokens, and open to valid API keys that hold `permission`. People need no such permission. */
export function authenticateOrKey(permission: string) {
  return bearerGuard(`${keyPolicyPrefix}${permission}`, permission, [
    ...refusals,
    'feature-not-in-plan',
    'permission-denied',
  ])
}

function bearerGuard(name: string, keyPermission: string | null, codes: ProblemCode[]) {
  const guard = middleware<AuthedEnv>({
    name: 'authenticate',
    before(c) {
      const context = contextOf(c)
      if (!context.principal) throw context.refused ?? new AppError('authentication-required')
      if (context.apiKey) {
        if (keyPermission === null) throw new AppError('api-key-not-allowed')
        requireUsable(c.get('deps'), context, context.apiKey, context.principal, keyPermission)
      }
      c.set('principal', context.principal)
    },
  })
  return policy(name, guard, codes)
}
