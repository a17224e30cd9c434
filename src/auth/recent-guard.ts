import type { MiddlewareHandler } from 'hono'
import { actorOf } from '../access/actor.ts'
import type { AuthedEnv } from '../access/env.ts'
import { recentSeconds, requireRecentAt } from '../access/strength.ts'
import { policy } from '../http/openapi.ts'
import { requireOwnPassword } from './password-change.ts'

/**
 * Guard to put after `body`: 401 `reauthentication-required` unless the sign-in is at most 10 minutes old, or the body has the correct
 * `password`. A password that is given is always verified. Runs before `idempotent` opens its transaction: a wrong password is
 * counted even if that is rolled back, and no connection is held while argon2 runs.
 */
export function recentOrPassword<T extends { password?: string | undefined }>() {
  const guard: MiddlewareHandler<AuthedEnv, string, { in: { json: unknown }; out: { json: T } }> = async (c, next) => {
    const { deps, context, principal } = c.var
    const { password } = c.req.valid('json')
    if (password === undefined) requireRecentAt(principal, deps.now())
    else context.passwordVersion = await requireOwnPassword(deps, actorOf(c), password, context.signal)
    return next()
  }
  return policy(`recent ${recentSeconds} or password`, guard, [
    'reauthentication-required',
    'invalid-credentials',
    'account-locked',
    'service-unavailable',
  ])
}
