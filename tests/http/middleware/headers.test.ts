import { describe, expect, test } from 'bun:test'
import { givenAccount, logIn } from '../../support/accounts.ts'
import { openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'

const allowed = 'https://app.manas360.test'
const production = {
  NODE_ENV: 'production',
  PUBLIC_URL: 'https://api.manas360.test',
  OPS_TOKEN: 'Q7vJx2LkR9tBf5ZcW1mYs8HdPg4UaEoT',
  ALLOWED_ORIGINS: allowed,
}
const app = await openTestApp(production)
const { request, sql } = app
const { accessToken } = await logIn(app, await givenAccount(app))

/** An answer of every kind. */
const answers: Record<string, () => Promise<Response>> = {
  '200': () => request('/v1/me', { bearer: accessToken }),
  '200, public': () => request('/v1/plans'),
  '204': () => request('/v1/me', { method: 'OPTIONS' }),
  '304': async () => request('/v1/plans', { headers: { 'If-None-Match': '*' } }),
  'a preflight': () =>
    request('/v1/me', { method: 'OPTIONS', headers: { Origin: allowed, 'Access-Control-Request-Method': 'GET' } }),
  '400': () => request('/v1/auth/login', { method: 'POST', headers: { 'Content-Type': 'application/json' } }),
  '401': () => request('/v1/me'),
  '403': () => request('/v1/admin/users', { bearer: accessToken }),
  '404': () => request('/nothing'),
  '405': () => request('/v1/me', { method: 'DELETE', bearer: 'x' }),
  '422': () => request('/v1/auth/login', { json: {} }),
  '500': async () => {
    await sql`alter table login_attempts rename to hidden`
    const answer = await request('/v1/auth/login', { json: { email: 'asha@example.com', password: 'x' } })
    await sql`alter table hidden rename to login_attempts`
    expect(answer.status).toBe(500)
    return answer
  },
}

describe('on every answer', () => {
  for (const [name, ask] of Object.entries(answers))
    test(name, async () => {
      const { headers } = await ask()
      expect(Object.fromEntries(headers)).toMatchObject({
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'strict-transport-security': expect.stringMatching(/^max-age=31536000; includeSubDomains/),
        'content-security-policy': "default-src 'none'; base-uri 'none'; frame-ancestors 'none'",
        'x-request-id': expect.stringMatching(/^[\w.-]{1,128}$/),
        vary: expect.stringContaining('Origin'),
      })
      for (const telltale of ['server', 'x-powered-by', 'set-cookie', 'access-control-allow-credentials'])
        expect(headers.has(telltale)).toBeFalse()
    })

  test('nothing is stored, but the public catalogue for a minute', async () => {
    for (const [name, ask] of Object.entries(answers)) {
      const expected = name === '200, public' || name === '304' ? 'public, max-age=60' : 'no-store'
      expect(`${name}: ${(await ask()).headers.get('cache-control')}`).toBe(`${name}: ${expected}`)
    }
  })
})

test('without TLS there is no HSTS, which would shut a developer out', async () => {
  const plain = await openTestApp()
  expect((await plain.request('/live')).headers.has('strict-transport-security')).toBeFalse()
})

test('a fault of ours says nothing about itself', async () => {
  const problem = await expectProblem((await answers['500']?.()) ?? new Response(), 'internal-error')
  expect(JSON.stringify(problem)).not.toMatch(
    /relation|login_attempts|select|insert|postgres|\/src\/|node_modules|stack/i,
  )
  expect(app.lines.join()).toContain(problem.requestId)
})

describe('the public catalogue', () => {
  test('is answered 304 to who has it, and anew once it was edited', async () => {
    const first = await request('/v1/plans')
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[^"]+"$/)
    const known = { headers: { 'If-None-Match': etag } }
    const second = await request('/v1/plans', known)
    expect([second.status, await second.text(), second.headers.get('etag')]).toEqual([304, '', etag])
    app.deps.catalogue.current = { ...app.deps.catalogue.current, version: app.deps.catalogue.current.version + 1 }
    expect((await request('/v1/plans', known)).status).toBe(200)
  })

  test('is the same for everybody, also with a bearer', async () => {
    const asked = await request('/v1/plans', { bearer: accessToken })
    expect(asked.headers.get('cache-control')).toBe('public, max-age=60')
    expect(await asked.text()).toBe(await (await request('/v1/plans')).text())
  })
})

describe('other origins', () => {
  test('may read answers if they are on the list, to the letter', async () => {
    for (const origin of [
      allowed,
      `${allowed}.evil.test`,
      'http://app.manas360.test',
      `${allowed}:8443`,
      'https://APP.manas360.test',
      'null',
      'https://evil.test',
    ])
      for (const path of ['/v1/plans', '/v1/me', '/nothing']) {
        const { headers } = await request(path, { headers: { Origin: origin } })
        expect(headers.get('access-control-allow-origin')).toBe(origin === allowed ? allowed : null)
      }
  })

  test('are told so by a preflight, which needs no bearer and counts nothing', async () => {
    const preflight = (Origin: string) =>
      request('/v1/me', { method: 'OPTIONS', headers: { Origin, 'Access-Control-Request-Method': 'PATCH' } })
    expect((await preflight(allowed)).headers.get('access-control-allow-methods')).toContain('PATCH')
    expect((await preflight('https://evil.test')).headers.has('access-control-allow-methods')).toBeFalse()
  })
})

describe("the operator's pages in production", () => {
  const pages = ['/docs', '/docs/swagger-ui.css']

  test('need OPS_TOKEN, to the letter', async () => {
    for (const path of pages) {
      for (const bearer of [undefined, accessToken, `${production.OPS_TOKEN}x`, production.OPS_TOKEN.slice(1)])
        await expectProblem(await request(path, { bearer }), bearer ? 'invalid-token' : 'authentication-required')
      expect((await request(path, { bearer: production.OPS_TOKEN })).status).toBe(200)
    }
  })

  test('do not exist where OPS_TOKEN is unset, and /health says only how it is', async () => {
    const closed = await openTestApp({ ...production, OPS_TOKEN: '' })
    for (const path of pages) await expectProblem(await closed.request(path), 'not-found')
    expect(await (await closed.request('/health')).json()).toEqual({ status: 'ok' })
    expect(await (await request('/health')).json()).toEqual({ status: 'ok' })
    expect(await (await request('/health', { bearer: production.OPS_TOKEN })).json()).toHaveProperty('database')
  })

  test('the probes tell neither version nor credentials', async () => {
    for (const path of ['/live', '/ready']) expect(await (await request(path)).json()).toEqual({ status: 'ok' })
  })
})

test('a draining instance is not ready, but alive, and serves on while it says goodbye', async () => {
  const leaving = await openTestApp()
  leaving.deps.lifecycle.draining = true
  const ready = await leaving.request('/ready')
  await expectProblem(ready, 'service-unavailable')
  expect(Number(ready.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await leaving.request('/live')).status).toBe(200)
  const plans = await leaving.request('/v1/plans')
  expect([plans.status, plans.headers.get('connection')]).toEqual([200, 'close'])
})
