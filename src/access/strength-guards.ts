import type { Handler, Hono } from 'hono'
import { middleware } from '../http/middleware.ts'
import { policy, policyOf } from '../http/openapi.ts'
import { rewriteHandlers } from '../http/route-handlers.ts'
import type { AuthedEnv } from './env.ts'
import { administratorLevel } from './privilege.ts'
import { type Assurance, requireAal2, requireRecentAt } from './strength.ts'

/**
 * 401 `reauthentication-required` (RFC 9470: `max_age`) unless the person authenticated within the last `seconds`.
 * Reads the token alone. Stands behind the guards of role and permission.
 */
export function requireRecent(seconds: number) {
  const guard = middleware<AuthedEnv>({
    name: 'requireRecent',
    before(c) {
      requireRecentAt(c.get('principal'), c.get('deps').now(), seconds)
    },
  })
  return policy(`recent ${seconds}`, guard, ['reauthentication-required'])
}

/**
 * 401 `mfa-required` (RFC 9470: `acr_values`) unless the person signed in with a second factor or a passkey. Reads the
 * token alone. Stands behind the guards of role and permission.
 */
export function requireAssurance(acr: Exclude<Assurance, 'aal1'>) {
  const guard = middleware<AuthedEnv>({
    name: 'requireAssurance',
    before(c) {
      requireAal2(c.get('principal'))
    },
  })
  return policy(acr, guard, ['mfa-required'])
}

/** requireAssurance('aal2') while REQUIRE_ADMIN_MFA is on. */
const requireAdminMfa = policy(
  'admin mfa',
  middleware<AuthedEnv>({
    name: 'requireAdminMfa',
    before(c) {
      if (c.get('deps').config.requireAdminMfa) requireAal2(c.get('principal'))
    },
  }),
  ['mfa-required'],
)

/**
 * Adds `requireAdminMfa` behind the last guard of rights of every route under /v1/admin, and of every route that
 * requires the privilege level of administrators.
 */
export function withAdminMfa<T extends Pick<Hono, 'routes'>>(app: T): T {
  return rewriteHandlers(app, withAdminMfaGuard)
}

/** The handlers of a route, with `requireAdminMfa` added where the route is for administrators. */
function withAdminMfaGuard(route: string, handlers: readonly Handler[]): readonly Handler[] {
  const demands = handlers.map(policyOf)
  const isTheirs = route.startsWith('/v1/admin/') || demands.some(isForAdministrators)
  if (!isTheirs || demands.includes('admin mfa')) return handlers
  const lastOfRights = demands.findLastIndex((demand) => demand !== undefined && !ofStrength.test(demand))
  return handlers.toSpliced(lastOfRights + 1, 0, requireAdminMfa)
}

const ofStrength = /^(?:recent|aal)/

function isForAdministrators(demand: string | undefined): boolean {
  const [, level] = /^privilege (\d+)$/.exec(demand ?? '') ?? []
  return level !== undefined && Number(level) >= administratorLevel
}
