import type { Context, Hono, NotFoundHandler } from 'hono'
import { AppError } from '../../errors/app-error.ts'
import { middleware, routeAmong } from '../middleware.ts'
import { toResponse } from '../output/on-error.ts'
import { contextOf, type PublicEnv } from '../request.ts'
import type { Cors } from './cors.ts'
import { isPlain } from './sent-paths.ts'

/** Answers requests without a route, before any other check, as the app's `notFound` does. */
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

/** Outside production, `/` points to /docs. */
function welcome(c: Context<PublicEnv>): { detail: string; headers: Record<string, string> } | undefined {
  if (c.req.path !== '/' || c.get('deps').config.production) return undefined
  return {
    detail: 'The service runs. Its routes begin with /v1; the reference is at /docs.',
    headers: { Link: '</docs>; rel="service-doc"' },
  }
}

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** The methods of a path, from the router. */
function methodsOf({ router }: Hono<PublicEnv>, { req, env }: Context<PublicEnv>): string[] {
  const known = methods.filter((method) => {
    const [matched] = router.match(method === 'HEAD' ? 'GET' : method, req.path)
    const route = routeAmong(matched.map(([[, one]]) => one))
    return route && !(env?.spelling === 'unknown' && isPlain(route.path))
  })
  return known.length === 0 ? [] : [...new Set([...known, 'OPTIONS'])]
}
