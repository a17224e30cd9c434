import type { Context, Hono, NotFoundHandler } from 'hono'
import { createClientIp } from '../../addresses/client-ip.ts'
import { AppError } from '../../errors/app-error.ts'
import { createCallerDeps } from '../caller-deps.ts'
import { untilParsed } from '../input/body.ts'
import { middleware, routeAmong } from '../middleware.ts'
import { toResponse } from '../output/on-error.ts'
import { contextOf, type PublicEnv, RequestContext, type Services, setContext } from '../request.ts'
import { type Cors, exposedHeaders } from './cors.ts'
import { checkFraming, isMisspelt, requestId } from './framing.ts'
import { isPlain } from './sent-paths.ts'

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

/** Headers that make a browser careful with whatever we answer (OWASP Secure Headers). */
export function secureHeaders({ https }: { https: boolean }) {
  return middleware<PublicEnv>({
    name: 'secureHeaders',
    always: {
      'X-Content-Type-Options': 'nosniff',
      'X-Frame-Options': 'DENY',
      'Referrer-Policy': 'no-referrer',
      'Cross-Origin-Resource-Policy': 'same-origin',
      ...(https && { 'Strict-Transport-Security': 'max-age=31536000; includeSubDomains' }),
      'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
      // Public answers say otherwise themselves; everything else may hold a token or personal data.
      'Cache-Control': 'no-store',
    },
  })
}

/** What lets pages of the allowed origins read an answer. */
export function shareAcrossOrigins(cors: Cors) {
  return middleware<PublicEnv>({
    name: 'shareAcrossOrigins',
    lists: { Vary: 'Origin' },
    sets: {
      'Access-Control-Allow-Origin': (c) => cors.allowedOrigin(c.req.raw),
      'Access-Control-Expose-Headers': (c) => cors.allowedOrigin(c.req.raw) && exposedHeaders,
    },
  })
}

/** What the parser lets through and no honest client sends: 400. */
export const framing = middleware<PublicEnv>({
  name: 'framing',
  before(c) {
    const refused = checkFraming(c.req.raw)
    if (refused) throw refused
    return undefined
  },
})

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Nothing is changed for a request whose connection Bun closes without an answer: it does so when another request was
 * sent behind it before it was answered, and when trailers end its body. Whatever arrived together with the request is
 * known here; what comes later is seen before the commit (`createCallerDeps`).
 */
export const wholeMessage = middleware<PublicEnv>({
  name: 'wholeMessage',
  before(c) {
    const context = contextOf(c)
    if (safeMethods.has(context.method)) return
    if (c.req.raw.headers.has('trailer')) throw new AppError('bad-request', { detail: 'Trailers are not accepted.' })
    if (!c.env?.server) return
    const { left } = context
    return untilParsed().then((): undefined => {
      if (left.aborted) throw new AppError('deadline-exceeded')
    })
  },
})

/** One path has one spelling; any other names nothing: 404. */
export const spelling = middleware<PublicEnv>({
  name: 'spelling',
  before(c, route) {
    const sent = c.env?.spelling
    if (sent === 'another' || (sent === 'unknown' && isPlain(route)) || isMisspelt(c.req.raw.url))
      throw new AppError('not-found')
  },
})

/** What no route matches ends here, before anything else is judged: as `notFound` of the app says. */
export const routing = middleware<PublicEnv>({
  name: 'routing',
  before: (c, route) => (route === '' ? notFoundOf(c) : undefined),
})

function notFoundOf(c: Context): Response | Promise<Response> {
  return c.notFound()
}

/**
 * For `app.notFound`: 404 for an unknown path, 405 with `Allow` for a known one; preflights are answered. A handler of a
 * known route that calls `c.notFound()` answers 404.
 */
export function notFoundOrMethod(app: Hono<PublicEnv>, cors: Cors): NotFoundHandler<PublicEnv> {
  return (c) => {
    const allowed = contextOf(c).route === '' ? methodsOf(app, c) : []
    if (allowed.length === 0) return toResponse(new AppError('not-found', welcome(c)), c)
    const allow = { Allow: allowed.join(', ') }
    if (c.req.method === 'OPTIONS')
      return new Response(null, { status: 204, headers: cors.preflight(c.req.raw) ?? allow })
    return toResponse(new AppError('method-not-allowed', { headers: allow }), c)
  }
}

/** Whoever opens the bare address in development is shown where to go; in production nobody is told of /docs. */
function welcome(c: Context<PublicEnv>): { detail: string; headers: Record<string, string> } | undefined {
  if (c.req.path !== '/' || c.get('deps').config.production) return undefined
  return {
    detail: 'The service runs. Its routes begin with /v1; the reference is at /docs.',
    headers: { Link: '</docs>; rel="service-doc"' },
  }
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Which methods a path has, from the router itself. */
function methodsOf({ router }: Hono<PublicEnv>, { req, env }: Context<PublicEnv>): string[] {
  const known = methods.filter((method) => {
    const [matched] = router.match(method === 'HEAD' ? 'GET' : method, req.path)
    const route = routeAmong(matched.map(([[, one]]) => one))
    return route && !(env?.spelling === 'unknown' && isPlain(route.path))
  })
  return known.length === 0 ? [] : [...new Set([...known, 'OPTIONS'])]
}

/** While draining, a connection is not to be used again. */
export function draining(lifecycle: { draining: boolean }) {
  return middleware<PublicEnv>({
    name: 'draining',
    sets: { Connection: () => (lifecycle.draining ? 'close' : undefined) },
  })
}
