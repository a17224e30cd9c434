import { createClientIp } from '../../addresses/client-ip.ts'
import { createCallerDeps } from '../caller-deps.ts'
import { middleware } from '../middleware.ts'
import { contextOf, type PublicEnv, RequestContext, type Services, setContext } from '../request.ts'
import { requestId } from './framing.ts'

/** What is known of the request: `c.get('context')`, and `c.get('deps')`. Everything after it may ask for them. */
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

/** `X-Request-Id`, kept when it came with the request, on every answer. */
export const identify = middleware<PublicEnv>({
  name: 'identify',
  before(c) {
    contextOf(c).id = requestId(c.req.raw.headers.get('x-request-id'))
    return undefined
  },
  sets: { 'X-Request-Id': (c) => contextOf(c).id },
})
