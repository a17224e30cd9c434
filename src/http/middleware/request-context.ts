import { createClientIp } from '../../addresses/client-ip.ts'
import { createCallerDeps } from '../caller-deps.ts'
import { middleware } from '../middleware.ts'
import { contextOf, type PublicEnv, RequestContext, type Services, setContext } from '../request.ts'
import { requestId } from './framing.ts'

/** Sets `c.get('context')` and `c.get('deps')`, for all that follows. */
export function openContext(deps: Services) {
  const timeoutMs = deps.config.requestTimeoutMs
  const depsOf = createCallerDeps(deps)
  const clientIp = createClientIp(deps.config.trustedProxies)
  return middleware<PublicEnv>({
    name: 'openContext',
    before(c, route) {
      const context = new RequestContext(c.req.raw, route, { server: c.env?.server, timeoutMs, clientIp })
      c.set('deps', depsOf(context))
      setContext(c, context)
    },
  })
}

/** Sets `X-Request-Id` on every answer: the request's own, if it has a valid one. */
export const identify = middleware<PublicEnv>({
  name: 'identify',
  before(c) {
    contextOf(c).id = requestId(c.req.raw.headers.get('x-request-id'))
    return undefined
  },
  sets: { 'X-Request-Id': (c) => contextOf(c).id },
})
