import { afterAll, describe, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import type { Hono } from 'hono'
import { createApp } from '../../src/app.ts'
import type { Db } from '../../src/db/types.ts'
import { asSent } from '../../src/http/middleware/sent-paths.ts'
import type { Bindings, PublicEnv } from '../../src/http/request.ts'
import { givenAccount, goodPassword, logIn, newEmail } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'

const app = await openTestApp({ RATE_LIMIT_REGISTER: '5/1h', RATE_LIMIT_PASSWORD: '5/1h' })
const bindings: Bindings = {}
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  ...asSent(createApp(app.deps) as Hono<PublicEnv>, bindings),
})
bindings.server = server
afterAll(() => server.stop(true))

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(1)
}

const waiters = async () =>
  (await app.sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length

function message(method: string, path: string, body: unknown, headers: Record<string, string> = {}): string {
  const text = JSON.stringify(body)
  const lines = Object.entries({
    Host: 'a',
    'Content-Type': 'application/json',
    'Content-Length': text.length,
    ...headers,
  })
  return `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${text}`
}

const second = 'GET /live HTTP/1.1\r\nHost: a\r\n\r\n'
const pipelines = (socket: Socket) => socket.write(second)
const leaves = (socket: Socket) => socket.destroy()

/**
 * Sends a request, and once its work waits for the lock that `hold` takes, what makes Bun close the connection; then lets
 * the work go on. Resolves with what came back once the request was logged.
 */
async function sendAndAbandon(
  request: string,
  hold: (tx: Db) => Promise<unknown>,
  abandon: (socket: Socket) => unknown = pipelines,
): Promise<string> {
  let received = ''
  const released = Promise.withResolvers<void>()
  const held = Promise.withResolvers<void>()
  const isUndone = new Error('undone')
  const holding = app.sql
    .begin(async (tx) => {
      await hold(tx)
      held.resolve()
      await released.promise
      throw isUndone
    })
    .catch((error) => expect(error).toBe(isUndone))
  await held.promise
  app.lines.length = 0
  const socket = connect(server.port ?? 0, '127.0.0.1', () => socket.write(request))
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    received += chunk.toString()
  })
  await until(async () => (await waiters()) > 0)
  abandon(socket)
  await closed
  released.resolve()
  await holding
  await until(() => app.lines.some((line) => /"msg":"(request|client-closed)"/.test(line)))
  return received
}

const lockRow = (id: string) => (tx: Db) => tx`select 1 from user_accounts where id = ${id} for update`
const wasClosed = () => app.lines.some((line) => line.includes('client-closed') && JSON.parse(line).status === 499)

describe('a write whose client disconnected before the commit is rolled back', () => {
  test('an account', async () => {
    const email = newEmail()
    const hash = await app.deps.passwords.hash(goodPassword)
    const takeAddress = (tx: Db) => tx`
      insert into user_accounts (id, email, password_hash, role, status)
      values (${Bun.randomUUIDv7()}, ${email}, ${hash}, 'user', 'active')`
    const request = message('POST', '/v1/auth/register', { email, password: goodPassword })
    expect(await sendAndAbandon(request, takeAddress)).toBe('')
    expect(wasClosed()).toBeTrue()
    expect(await app.sql`select 1 from user_accounts where email = ${email}`).toHaveLength(0)
    // It cost a hash, so it counts where accounts are counted.
    const next = await app.request('/v1/auth/register', { json: { email, password: goodPassword } })
    expect([next.status, next.headers.get('RateLimit')]).toEqual([201, expect.stringContaining('remaining=3')])
  })

  for (const abandon of [pipelines, leaves])
    test(`a profile, when the client ${abandon.name}`, async () => {
      const person = await signedIn(app)
      const request = message('PATCH', '/v1/me', { firstName: 'New' }, { Authorization: `Bearer ${person.bearer}` })
      expect(await sendAndAbandon(request, lockRow(person.id), abandon)).toBe('')
      expect(wasClosed()).toBeTrue()
      const [row] = await app.sql`select first_name from user_accounts where id = ${person.id}`
      expect(row?.firstName).toBeNull()
    })

  test('an API key, and neither is its Idempotency-Key', async () => {
    const person = await signedIn(app, { plan: 'business' })
    const headers = { Authorization: `Bearer ${person.bearer}`, 'Idempotency-Key': 'once' }
    const json = { name: 'mine', password: person.password }
    expect(await sendAndAbandon(message('POST', '/v1/api-keys', json, headers), lockRow(person.id))).toBe('')
    expect(wasClosed()).toBeTrue()
    expect(await app.sql`select 1 from api_keys where account_id = ${person.id}`).toHaveLength(0)
    const again = await app.request('/v1/api-keys', { json, headers })
    expect([again.status, again.headers.get('Idempotency-Replayed')]).toEqual([201, null])
  })

  test('a session; its password was judged, and counts', async () => {
    const { id, email, password } = await givenAccount(app)
    expect(await sendAndAbandon(message('POST', '/v1/auth/login', { email, password }), lockRow(id))).toBe('')
    expect(wasClosed()).toBeTrue()
    expect(await app.sql`select 1 from sessions where account_id = ${id}`).toHaveLength(0)
    const key = `log-in ${app.deps.counterKey('email', email).toString('base64url')}`
    expect(await app.deps.limits.password?.consume(key, 50)).toMatchObject({ used: 2 })
  })
})

test('what answers a theft is kept, whether or not the thief waits for it', async () => {
  const person = await givenAccount(app)
  const { refreshToken } = await logIn(app, person)
  const refresh = (token: string) => app.request('/v1/auth/refresh', { json: { refreshToken: token } })
  const { refreshToken: next } = await bodyOf<{ refreshToken: string }>(await refresh(refreshToken))
  expect((await refresh(next)).status).toBe(200)
  expect(await sendAndAbandon(message('POST', '/v1/auth/refresh', { refreshToken }), lockRow(person.id))).toBe('')
  const [session] = await app.sql`select ended_at from sessions where account_id = ${person.id}`
  expect(session?.endedAt).toBeInstanceOf(Date)
})
