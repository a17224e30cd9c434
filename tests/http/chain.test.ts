import { describe, expect, test } from 'bun:test'
import type { ProblemCode } from '../../src/errors/app-error.ts'
import { givenAccount, logIn, newEmail } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request } = app
const user = (await logIn(app, await givenAccount(app))).accessToken
const admin = (await logIn(app, await givenAccount(app, { role: 'admin' }))).accessToken
const json = { 'Content-Type': 'application/json' }
const text = { 'Content-Type': 'text/plain' }

type Ask = { path: string; method?: string; bearer?: string; headers?: Record<string, string>; body?: string }

async function send({ path, method = 'POST', bearer, headers, body }: Ask): Promise<Response> {
  const all = { ...headers, ...(bearer && { Authorization: `Bearer ${bearer}` }) }
  return app.app.fetch(new Request(`http://localhost${path}`, { method, headers: all, body }))
}

describe('of several faults the first in the order of judgement is named', () => {
  // Each request has the faults of all the lines below its own too, as far as they can go together.
  const nobody = `/v1/admin/users/${Bun.randomUUIDv7()}`
  const order: [string, Ask, ProblemCode][] = [
    [
      'framing',
      { path: '/v1/nothing', method: 'PUT', headers: { ...text, Host: 'a.test, b.test' }, body: '{' },
      'bad-request',
    ],
    [
      'framing, before the bearer',
      { path: '/v1/me', method: 'GET', headers: { Host: 'a.test, b.test', Authorization: 'Bearer x' } },
      'bad-request',
    ],
    ['route', { path: '/v1/nothing', method: 'PUT', bearer: 'x', headers: text, body: '{' }, 'not-found'],
    ['method', { path: '/v1/me', method: 'PUT', bearer: 'x', headers: text, body: '{' }, 'method-not-allowed'],
    ['bearer', { path: `${nobody}/lock`, bearer: 'x', headers: text, body: '{' }, 'invalid-token'],
    ['its absence', { path: `${nobody}/lock`, headers: text, body: '{' }, 'authentication-required'],
    ['permission', { path: `${nobody}/lock`, bearer: user, headers: text, body: '{' }, 'permission-denied'],
    [
      'permission, before a malformed id',
      { path: '/v1/admin/users/x/lock', bearer: user, headers: text, body: '{' },
      'permission-denied',
    ],
    ['a malformed id', { path: '/v1/admin/users/x/lock', bearer: admin, headers: text, body: '{' }, 'not-found'],
    ['media type', { path: `${nobody}/lock`, bearer: admin, headers: text, body: '{' }, 'unsupported-media-type'],
    [
      'media type, of a body that is too large',
      { path: '/v1/auth/login', headers: text, body: 'x'.repeat(70_000) },
      'unsupported-media-type',
    ],
    [
      'size',
      { path: `${nobody}/lock`, bearer: admin, headers: json, body: `{${' '.repeat(65_536)}` },
      'payload-too-large',
    ],
    ['JSON', { path: `${nobody}/lock`, bearer: admin, headers: json, body: '{' }, 'malformed-json'],
    ['an empty body', { path: '/v1/auth/login', headers: json, body: '' }, 'malformed-json'],
    ['the values', { path: `${nobody}/lock`, bearer: admin, headers: json, body: '{}' }, 'validation-failed'],
    [
      "the row, which is nobody's",
      { path: `${nobody}/lock`, bearer: admin, headers: json, body: '{"reason":"x"}' },
      'not-found',
    ],
  ]
  for (const [name, ask, code] of order)
    test(name, async () => {
      await expectProblem(await send(ask), code)
    })

  test('a bearer that is not asked for is not judged', async () => {
    expect((await request('/v1/plans', { bearer: 'x' })).status).toBe(200)
    expect((await request('/live', { bearer: 'x' })).status).toBe(200)
  })
})

describe('405', () => {
  test('names what the path has, in Allow', async () => {
    const expected = {
      '/v1/me': 'GET, HEAD, PATCH, OPTIONS',
      '/v1/auth/login': 'POST, OPTIONS',
      '/v1/plans/free': 'GET, HEAD, OPTIONS',
    }
    for (const [path, allow] of Object.entries(expected)) {
      const answer = await request(path, { method: 'PUT' })
      await expectProblem(answer, 'method-not-allowed')
      const known = (answer.headers.get('allow') ?? '').split(', ').filter((method) => method !== 'DELETE')
      expect(known.join(', ')).toBe(allow)
    }
  })

  test('no header overrides a method', async () => {
    for (const name of ['X-HTTP-Method-Override', 'X-HTTP-Method', 'X-Method-Override'])
      await expectProblem(
        await request('/v1/plans', { method: 'POST', headers: { [name]: 'GET' } }),
        'method-not-allowed',
      )
  })

  test('HEAD is GET without a body: the same status and headers, its length too (RFC 9110 9.3.2)', async () => {
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: (request, server) => app.app.fetch(request, { server }),
    })
    const own = /^(?:date|x-request-id|connection)$/
    for (const [path, bearer] of [
      ['/v1/me', user],
      ['/v1/me', 'x'],
      ['/v1/plans', ''],
      ['/v1/dashboard/insights', user],
      ['/docs', ''],
      ['/live', ''],
      ['/no-such', ''],
      ['/v1/auth/login', ''],
    ] as const) {
      const headers = { 'X-Request-Id': 'one', ...(bearer && { Authorization: `Bearer ${bearer}` }) }
      const [get, head] = await Promise.all(
        ['GET', 'HEAD'].map(async (method) => {
          const answer = await fetch(new URL(path, server.url), { method, headers })
          const kept = [...answer.headers].filter(([name]) => !own.test(name)).sort()
          return { status: answer.status, length: (await answer.bytes()).length, headers: kept }
        }),
      )
      expect(head).toEqual({ ...get, length: 0 } as typeof head)
      expect(get?.length).toBe(Number(new Map(head?.headers).get('content-length')))
    }
    await server.stop(true)
  })

  test('OPTIONS tells what there is', async () => {
    const options = await request('/v1/auth/login', { method: 'OPTIONS' })
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, OPTIONS'])
  })
})

test('a path is what it is: other spellings of it name nothing', async () => {
  for (const path of [
    '/v1/me/',
    '/V1/me',
    '/v1//me',
    '//v1/me',
    '/v1/%6de/x',
    '/v1/me%2f',
    '/v1/me%00',
    '/v1/me;x=1',
    '/v1/./nothing',
    '/%',
  ])
    await expectProblem(await request(path, { bearer: user }), 'not-found')
})

describe('the request id', () => {
  test('is the one that came, if it is harmless, on answers and refusals', async () => {
    const id = 'a-Z_0.9'.padEnd(128, 'x')
    for (const path of ['/live', '/v1/nothing', '/v1/me'])
      expect((await request(path, { headers: { 'X-Request-Id': id } })).headers.get('x-request-id')).toBe(id)
  })

  test('is ours otherwise, and another each time', async () => {
    const ids = new Set<string | null>()
    for (const given of ['', 'x'.repeat(129), 'a b', 'a"b', '<script>', 'ä', undefined]) {
      const answer = await request('/v1/nothing', given === undefined ? {} : { headers: { 'X-Request-Id': given } })
      ids.add(answer.headers.get('x-request-id'))
    }
    expect(ids.size).toBe(7)
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('a body on a route without one', () => {
  for (const [method, path] of [
    ['POST', '/v1/auth/logout'],
    ['POST', '/v1/auth/logout-all'],
    ['DELETE', `/v1/auth/sessions/${Bun.randomUUIDv7()}`],
  ] as const)
    test(`${method} ${path.replace(/[0-9a-f-]{36}/, ':id')} is 400, whatever its type`, async () => {
      for (const headers of [json, text])
        await expectProblem(await send({ path, method, bearer: user, headers, body: '{"a":1}' }), 'bad-request')
      expect((await request('/v1/me', { bearer: user })).status).toBe(200)
    })

  test('an empty object is none: the session ends', async () => {
    for (const headers of [json, text]) {
      const { accessToken: bearer } = await logIn(app, await givenAccount(app))
      expect((await send({ path: '/v1/auth/logout', bearer, headers, body: '{}' })).status).toBe(204)
      await expectProblem(await request('/v1/me', { bearer }), 'session-revoked')
    }
  })

  test('the type alone is ignored', async () => {
    const session = await logIn(app, await givenAccount(app))
    expect((await send({ path: '/v1/auth/logout', bearer: session.accessToken, headers: text })).status).toBe(204)
  })
})

describe('the media type', () => {
  const login = (headers: Record<string, string>) =>
    send({ path: '/v1/auth/login', headers, body: JSON.stringify({ email: newEmail(), password: 'x' }) })

  test('is JSON in UTF-8', async () => {
    for (const type of ['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"'])
      expect((await login({ 'Content-Type': type })).status).toBe(401)
  })

  test('nothing else is read: no form, no text, no encoding', async () => {
    const others = [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'application/json; charset=utf-16',
      'text/json',
      'application/jsonp',
      'application/json, text/plain',
    ]
    for (const type of others) await expectProblem(await login({ 'Content-Type': type }), 'unsupported-media-type')
    for (const encoding of ['gzip', 'br', 'identity'])
      await expectProblem(await login({ ...json, 'Content-Encoding': encoding }), 'unsupported-media-type')
  })
})

test('a problem document names its page, and the page is there for every code that was seen here', async () => {
  for (const path of ['/v1/nothing', '/v1/me']) {
    const { type, code } = await bodyOf<{ type: string; code: string }>(await request(path))
    expect(type).toBe(`${app.config.publicUrl}/problems/${code}`)
    const page = await request(new URL(type).pathname)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
  }
})
