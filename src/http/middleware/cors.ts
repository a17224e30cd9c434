import { requireOrigin } from '../../addresses/origin.ts'
import { middleware } from '../middleware.ts'
import type { PublicEnv } from '../request.ts'

const allowedMethods = 'GET, POST, PUT, PATCH, DELETE'
const allowedHeaders =
  'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, X-Device-Token'
const exposedHeaders =
  'Authz-Refresh, ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id'
const maxAgeSeconds = '600'

/** The two halves of the CORS protocol (https://fetch.spec.whatwg.org/#http-cors-protocol). */
export type Cors = {
  /** The headers of the answer (204) to a preflight; undefined when the request is none. */
  preflight: (request: Request) => Headers | undefined
  /** The request's origin, if it is allowed. */
  allowedOrigin: (request: Request) => string | undefined
}

/**
 * CORS for an exact list of origins. No credentials: tokens travel in headers that a page sets itself.
 *
 * @throws Error naming an entry that browsers never send as an origin
 */
export function createCors(allowedOrigins: readonly string[]): Cors {
  for (const origin of allowedOrigins) requireOrigin(origin)
  const allowed = new Set(allowedOrigins)
  return {
    preflight(request) {
      const origin = request.headers.get('origin')
      if (request.method !== 'OPTIONS' || origin === null || !request.headers.has('access-control-request-method'))
        return
      const headers = new Headers()
      if (allowed.has(origin)) {
        headers.set('Access-Control-Allow-Origin', origin)
        headers.set('Access-Control-Allow-Methods', allowedMethods)
        headers.set('Access-Control-Allow-Headers', allowedHeaders)
        headers.set('Access-Control-Max-Age', maxAgeSeconds)
      }
      return headers
    },
    allowedOrigin(request) {
      const origin = request.headers.get('origin')
      return origin !== null && allowed.has(origin) ? origin : undefined
    },
  }
}

/** CORS headers of actual (not preflight) answers. */
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
