import { afterAll, beforeEach, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import type { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { z } from 'zod'
import { createApp, openApp } from '../../src/app.ts'
import { fuse } from '../../src/http/fuse.ts'
import { body, noInput } from '../../src/http/input/validate.ts'
import { asSent } from '../../src/http/middleware/sent-paths.ts'
import type { Bindings, PublicEnv } from '../../src/http/request.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'

const app = await openTestApp()
const bindings: Bindings = {}
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  ...asSent(createApp(app.deps) as Hono<PublicEnv>, bindings),
})
bindings.server = server
afterAll(() => server.stop(true))

beforeEach(() => {
  app.lines.length = 0
})

/** Sends the packets, each once the one before had time to be read, and tells what came back; empty: it was closed. */
function send(...packets: string[]): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(server.port ?? 0, '127.0.0.1', async () => {
      socket.setNoDelay()
      for (const packet of packets) {
        socket.write(packet)
        await Bun.sleep(30)
      }
    })
    socket.on('data', (chunk) => {
      received += chunk.toString()
      socket.end()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(received))
  })
}

const head = (bearer: string, path: string, headers = '') =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${bearer}\r\n${headers}`
const chunked = 'Transfer-Encoding: chunked\r\n'
const isAlive = async (bearer: string) => (await app.request('/v1/me', { bearer })).status === 200
const lastStatus = () =>
  JSON.parse(app.lines.findLast((line) => line.includes('"request"') || line.includes('client-closed')) ?? '{}').status

async function session(): Promise<string> {
  return (await logIn(app, await givenAccount(app))).accessToken
}

describe('what Bun closes without an answer is not carried out', () => {
  test('where another request came together with it', async () => {
    const bearer = await session()
    const one = `${head(bearer, '/v1/auth/logout')}Content-Length: 0\r\n\r\n`
    expect(await send(one + one)).toBe('')
    expect([await isAlive(bearer), lastStatus()]).toEqual([true, 200])
    expect(app.lines.join('')).toContain('client-closed')
  })

  test('where trailers came with it, or with the rest of its body', async () => {
    const trailers = '0\r\nX-Checksum: 1\r\n\r\n'
    for (const packets of [
      [`${head('BEARER', '/v1/auth/logout', chunked)}\r\n${trailers}`],
      [`${head('BEARER', '/v1/auth/logout', chunked)}\r\n`, trailers],
      [`${head('BEARER', '/v1/auth/logout', chunked)}\r\n`, `2\r\n{}\r\n${trailers}`],
    ]) {
      const bearer = await session()
      expect(await send(...packets.map((packet) => packet.replace('BEARER', bearer)))).toStartWith('HTTP/1.1 400')
      expect(await isAlive(bearer)).toBeTrue()
    }
  })

  test('where trailers are announced', async () => {
    const bearer = await session()
    const answer = await send(
      `${head(bearer, '/v1/auth/logout', `${chunked}Trailer: X-Checksum\r\n`)}\r\n`,
      '0\r\n\r\n',
    )
    expect(answer).toStartWith('HTTP/1.1 400')
    expect(answer).toContain('Trailers are not accepted.')
    expect(await isAlive(bearer)).toBeTrue()
  })

  test('a chunked body of its own is', async () => {
    const bearer = await session()
    expect(await send(`${head(bearer, '/v1/auth/logout', chunked)}\r\n0\r\n\r\n`)).toStartWith('HTTP/1.1 204')
    expect(await isAlive(bearer)).toBeFalse()
  })
})

describe('a body is read once, however many read it', () => {
  test('an empty chunked one, or an empty object, is none under an Idempotency-Key too', async () => {
    const admin = await signedIn(app, { role: 'superadmin' })
    const { id } = await givenAccount(app)
    const unlock = (framed: string) =>
      send(`${head(admin.bearer, `/v1/admin/users/${id}/unlock`, 'Idempotency-Key: once\r\n')}${framed}`)
    const first = await unlock(`${chunked}\r\n0\r\n\r\n`)
    expect(first).toStartWith('HTTP/1.1 204')
    for (const framed of [
      `${chunked}\r\n0\r\n\r\n`,
      'Content-Length: 0\r\n\r\n',
      'Content-Length: 2\r\n\r\n{}',
      '\r\n',
    ]) {
      const again = await unlock(framed)
      expect(again).toStartWith('HTTP/1.1 204')
      expect(again.toLowerCase()).toContain('idempotency-replayed: true')
    }
  })

  test('by a middleware before it is judged', async () => {
    const product = openApp(app.deps)
    product.use(bodyLimit({ maxSize: 1_000 }), async (c, next) => {
      await c.req.text()
      await next()
    })
    const Note = z.strictObject({ text: z.string().max(100) })
    product.post('/notes', body(Note, { limitBytes: 50 }), (c) => c.json(c.req.valid('json')))
    product.post('/none', noInput, (c) => c.json({}))
    fuse(product)
    const post = (path: string, text: string) =>
      product.request(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: text })
    const statuses = [
      await post('/notes', '{"text":"x"}'),
      await post('/notes', `{"text":"${'x'.repeat(60)}"}`),
      await post('/notes', '{"text":1}'),
      await post('/notes', '{'),
      await post('/none', '{}'),
      await post('/none', '{"a":1}'),
    ].map(({ status }) => status)
    expect(statuses).toEqual([200, 413, 422, 400, 200, 400])
  })
})
