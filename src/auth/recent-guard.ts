import type { MiddlewareHandler } from 'hono'
import { actorOf } from '../access/actor.ts'
import type { AuthedEnv } from '../access/env.ts'
import { recentSeconds, requireRecentAt } from '../access/strength.ts'
import { policy } from '../http/openapi.ts'
import { requireOwnPassword } from './password-change.ts'

/**
 * Behind the body: 401 `reauthentication-required` unless the person showed who they are within the last 10 minutes, or the
 * body has their `password`, which is judged wherever it is given. Outside of the transaction that keeps the answer: a wrong
 * password counts whatever becomes of that, and no connection waits for argon2.
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
