import { afterAll, describe, expect, test } from 'bun:test'
import type { Hono } from 'hono'
import { createApp, openApp } from '../../src/app.ts'
import { fuse } from '../../src/http/fuse.ts'
import { isMisspelt } from '../../src/http/middleware/framing.ts'
import { asSent } from '../../src/http/middleware/sent-paths.ts'
import type { Bindings, PublicEnv } from '../../src/http/request.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'
import { exchange } from './socket.ts'

const app = await openTestApp()
const { bearer } = await signedIn(app, { role: 'superadmin' })

/** As the server does: Bun's own router beside Hono's. */
function serve(served: Hono<PublicEnv>) {
  const bindings: Bindings = {}
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', ...asSent(served, bindings) })
  bindings.server = server
  afterAll(() => server.stop(true))
  return server
}
// Not the one of the test app, whose answers are compared with the OpenAPI document by their URL.
const server = serve(createApp(app.deps) as Hono<PublicEnv>)

async function statusOf(target: string, method = 'GET', at = server): Promise<number> {
  const answer = await exchange(
    at,
    `${method} ${target} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${bearer}\r\nConnection: close\r\n\r\n`,
  )
  return Number(answer.slice(9, 12))
}

describe('a path has one spelling', () => {
  test.each([
    '/v1/me',
    '/v1/me?',
    '/v1/me/entitlements',
    '/v1/admin/users',
    '/v1/admin/users?q=%61\\..//',
    '/v1/plans/free',
    '/v1/entitlements/api_access',
    '/live',
    'http://a/v1/me',
    'http://b/v1/plans/free',
  ])('%s is it', async (target) => {
    expect(await statusOf(target)).toBe(200)
  })

  test.each([
    '/v1/%6De',
    '/v1/%6de',
    '/v1/%61dmin/users',
    '/v1/admin/%75sers',
    '/%76%31/me',
    '/v1%2fme',
    '/v1%5Cme',
    '/v1\\me',
    '\\v1\\me',
    '/v1\\admin\\users',
    '/v1/admin\\users',
    '/v1/./me',
    '/./v1/me',
    '/v1/x/../me',
    '/v1/plans/../me',
    '/v1/plans/..\\me',
    '/v1/%2e/me',
    '/v1/plans/%2e%2e/me',
    '/v1/plans/.%2E/me',
    '/../v1/me',
    '/v1//me',
    '//v1/me',
    '/v1/me//',
    '/v1/me/',
    '/v1/me/.',
    '/v1/me/..',
    '/v1/plans/fre%65',
    '/v1/plans/x\\..\\free',
    '/v1/plans/./free',
    '/v1/plans/free/../free',
    '/v1/plans/%zz/../free',
    '/v1/plans/é/../free',
    '/v1/entitlements/x\\..\\api_access',
    '/v1/entitlements/api%5Faccess',
    'http://a/v1\\me',
    'http://a/v1/x/../me',
    '/V1/me',
  ])('%s names nothing', async (target) => {
    for (const method of ['GET', 'PUT', 'OPTIONS']) expect([404, 400]).toContain(await statusOf(target, method))
    expect(await statusOf(target)).not.toBe(200)
  })

  test('the method is judged only where the spelling is right', async () => {
    expect([await statusOf('/v1/me', 'PUT'), await statusOf('/v1/me', 'OPTIONS')]).toEqual([405, 204])
  })
})

test('parameters may hold what a path may hold, and routes that Bun does not understand are found', async () => {
  const other = openApp(app.deps)
  other.get('/files/:name', (c) => c.text(c.req.param('name'))).get('/all/*', (c) => c.text('all'))
  other.get('/n/:id{[0-9]+}', (c) => c.text('number')).get('/o/:x?', (c) => c.text('optional'))
  const product = serve(fuse(other))
  for (const target of ['/files/a', '/files/a%20b', '/files/%C3%A9', '/files/a%2Fb', '/files/a%25b', '/files/a;b=c,d'])
    expect(`${target} ${await statusOf(target, 'GET', product)}`).toBe(`${target} 200`)
  for (const target of ['/all/a/b', '/n/7', '/o', '/o/1', '/n/7?x=//'])
    expect(`${target} ${await statusOf(target, 'GET', product)}`).toBe(`${target} 200`)
  expect(await statusOf('/all/a', 'PUT', product)).toBe(405)
  expect(await statusOf('/files/x/..\\a', 'GET', product)).toBe(404)
})

test('every character that needs no escape is found out when it has one, and no other', () => {
  for (let code = 0; code < 256; code++) {
    const escaped = `%${code.toString(16).padStart(2, '0')}`
    const needless = /[A-Za-z0-9\-._~]/.test(String.fromCharCode(code)) && code < 128
    expect([escaped, isMisspelt(`http://a/x${escaped}`)]).toEqual([escaped, needless])
    expect(isMisspelt(`http://a/x${escaped.toUpperCase()}`)).toBe(needless)
    expect(isMisspelt(`http://a/x?y=${escaped}`)).toBeFalse()
  }
})
