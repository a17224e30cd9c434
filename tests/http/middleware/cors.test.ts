import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { createCors, shareAcrossOrigins } from '../../../src/http/middleware/cors.ts'
import type { PublicEnv } from '../../../src/http/request.ts'

const origin = 'https://app.example.com'
const cors = createCors([origin, 'capacitor://localhost'])

const preflight = (headers: Record<string, string>, method = 'OPTIONS') =>
  cors.preflight(new Request('http://localhost/v1/me', { method, headers }))
const apply = async (from: string | null, given: Record<string, string> = {}) => {
  const app = new Hono<PublicEnv>().use(shareAcrossOrigins(cors)).get('/', () => new Response(null, { headers: given }))
  const answer = await app.request('/', { headers: from === null ? {} : { Origin: from } })
  return answer.headers
}
const asks = { 'Access-Control-Request-Method': 'PATCH', 'Access-Control-Request-Headers': 'authorization' }

const strangers = [
  'null',
  '',
  '*',
  'http://app.example.com',
  'https://app.example.com:443',
  'https://app.example.com:8443',
  'https://app.example.com/',
  'https://app.example.com.evil.com',
  'https://evil-app.example.com',
  'https://evilapp.example.com',
  'https://app.example.co',
  'https://APP.example.com',
  'https://app.example.com, https://evil.com',
  'https://example.com',
  'capacitor://localhost.evil.com',
]

describe('an allowed origin', () => {
  test('gets exactly these headers on a preflight', () => {
    expect(preflight({ Origin: origin, ...asks })?.toJSON()).toEqual({
      'access-control-allow-origin': origin,
      'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE',
      'access-control-allow-headers':
        'Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match, X-Request-Id, X-Device-Token',
      'access-control-max-age': '600',
    })
  })

  test('gets exactly these headers on an answer', async () => {
    expect((await apply(origin)).toJSON()).toEqual({
      'access-control-allow-origin': origin,
      'access-control-expose-headers':
        'Authz-Refresh, ETag, Idempotency-Replayed, Location, RateLimit, RateLimit-Policy, Retry-After, WWW-Authenticate, X-Request-Id',
      vary: 'Origin',
    })
  })

  test('may have a scheme of its own', async () => {
    expect((await apply('capacitor://localhost')).get('access-control-allow-origin')).toBe('capacitor://localhost')
  })
})

test.each(strangers)('the origin %p gets nothing but Vary', async (stranger) => {
  expect((await apply(stranger)).toJSON()).toEqual({ vary: 'Origin' })
  expect(preflight({ Origin: stranger, ...asks })?.toJSON()).toEqual({})
})

test('an answer to a request without an origin varies too', async () => {
  expect((await apply(null)).toJSON()).toEqual({ vary: 'Origin' })
})

test('an answer that varies already goes on doing so', async () => {
  expect((await apply(origin, { Vary: 'Accept-Encoding' })).get('vary')).toBe('Accept-Encoding, Origin')
})

test.each([
  ['another method', { Origin: origin, ...asks }, 'POST'],
  ['no origin', asks, 'OPTIONS'],
  ['no requested method', { Origin: origin }, 'OPTIONS'],
])('a request with %s is no preflight', (_name, headers, method) => {
  expect(preflight(headers, method)).toBeUndefined()
})

test.each([
  '*',
  'null',
  'https://a.com/',
  'https://a.com:443',
  'https://A.com',
  'https://*.a.com',
  'a.com',
  '',
  'https://u@a.com',
])('the setting %p is refused, for no browser sends it', (setting) => {
  expect(() => createCors([origin, setting])).toThrow(`"${setting}" is not an origin`)
})
