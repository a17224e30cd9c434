import type { Context } from 'hono'
import type { PublicEnv } from '../env.ts'
import { AppError, type ProblemCode } from '../errors.ts'
import type { AccessEntry } from './access-log.ts'
import type { Step } from './chain.ts'
import type { Cors } from './cors.ts'
import { checkFraming, requestId } from './framing.ts'
import { clientClosed } from './traffic.ts'

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** `X-Request-Id`, kept when it came with the request, on every answer. */
export const identify: Step = {
  name: 'request id',
  before(c, call) {
    call.id = requestId(c.req.raw.headers.get('x-request-id'))
    return undefined
  },
  after: (headers, call) => headers.set('X-Request-Id', call.id),
}

/** Headers that make a browser careful with whatever we answer (OWASP Secure Headers). */
export function secureHeaders({ https }: { https: boolean }): Step {
  return {
    name: 'secure headers',
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
  }
}

/** What lets pages of the allowed origins read an answer. */
export function shareAcrossOrigins(cors: Cors): Step {
  return {
    name: 'cors',
    always: { Vary: 'Origin' },
    after: (headers, _call, c) => cors.apply(headers, c.req.raw.headers.get('origin')),
  }
}

/** What the parser lets through and no honest client sends: 400. */
export const framing: Step = {
  name: 'framing',
  before(c) {
    const refused = checkFraming(c.req.raw)
    if (refused) throw refused
    return undefined
  },
}

/** 404 for an unknown path, 405 with `Allow` for a known one, before anything else is judged; preflights end here. */
export function routing(allowedMethods: (path: string) => string[], cors: Cors): Step {
  return {
    name: 'route and method',
    before(c, call) {
      if (call.route !== '') return undefined
      const allowed = allowedMethods(c.req.path)
      if (allowed.length === 0) throw new AppError('not-found')
      const allow = { Allow: allowed.join(', ') }
      if (c.req.method === 'OPTIONS')
        return new Response(null, { status: 204, headers: cors.preflight(c.req.raw) ?? allow })
      throw new AppError('method-not-allowed', { headers: allow })
    },
  }
}

/** Which methods a path has, from the router itself. */
export function methodsOf(match: (method: string, path: string) => boolean): (path: string) => string[] {
  return (path) => {
    const known = methods.filter((method) => match(method === 'HEAD' ? 'GET' : method, path))
    return known.length === 0 ? [] : [...known, 'OPTIONS']
  }
}

/** While draining, a connection is not to be used again. */
export function draining(lifecycle: { draining: boolean }): Step {
  return {
    name: 'draining',
    after(headers) {
      if (lifecycle.draining) headers.set('Connection', 'close')
    },
  }
}

/** Refusals by which guessing and probing show. */
const tellsNetwork = (status: number, code: ProblemCode) =>
  status === 401 || status === 403 || status === 429 || code === 'email-taken'

/** One line per request, when it ends. What is refused says why, and what tells of an attack from which network. */
export function logAccess(write: (entry: AccessEntry) => void, networkHash: (ip: string) => string): Step {
  return {
    name: 'access log',
    after(_headers, call, c: Context<PublicEnv>) {
      const status = call.clientClosed ? clientClosed : c.res.status
      const code = call.clientClosed ? undefined : (call.problem ?? undefined)
      write({
        requestId: call.id,
        method: c.req.method,
        path: call.route || 'unknown',
        status,
        milliseconds: performance.now() - call.startedAt,
        accountId: call.principal?.accountId,
        code,
        network: code && tellsNetwork(status, code) ? networkHash(call.ip) : undefined,
      })
    },
  }
}
