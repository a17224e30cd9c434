import { afterAll, expect, test } from 'bun:test'
import { goodPassword, newEmail } from '../support/accounts.ts'
import { ask } from '../support/auth-requests.ts'
import { openOwnPostgres } from '../support/postgres.ts'
import { readiness, startServerProcess, until } from '../support/server-process.ts'

const deadlineMs = 1_000
const database = await openOwnPostgres()
const server = await startServerProcess(database.url, {
  REQUEST_TIMEOUT_MS: `${deadlineMs}`,
  DB_STATEMENT_TIMEOUT_MS: '500',
})
afterAll(async () => {
  await server.kill()
  await database.stop()
})
const email = newEmail()
const person = (await ask(server.url, 'register', { email, password: goodPassword })).body

const get = (path: string) =>
  fetch(`${server.url}${path}`, { headers: { Authorization: `Bearer ${person.accessToken}` } })
const zeroQueries = ['/live', '/v1/entitlements/api_access', '/v1/catalogue']
const needsDatabase: (() => Promise<{ status: number }>)[] = [
  () => get('/v1/me'),
  () => get('/v1/dashboard'),
  () => get('/v1/auth/sessions'),
  () => ask(server.url, 'login', { email, password: goodPassword }),
  () => ask(server.url, 'refresh', { refreshToken: person.refreshToken }),
  () => ask(server.url, 'register', { email: newEmail(), password: goodPassword }),
]

/** The status and how long it took, in milliseconds. */
async function timed(request: () => Promise<{ status: number }>): Promise<{ status: number; milliseconds: number }> {
  const start = performance.now()
  const { status } = await request()
  return { status, milliseconds: performance.now() - start }
}

test('with PostgreSQL frozen no request outlives its deadline by a second, and those without a query go on', async () => {
  const thaw = database.freeze()
  try {
    const frozenAt = performance.now()
    let open = 0
    // Twice as many as there are connections, each kind several times.
    const waiting = Array.from({ length: 120 }, async (_, i) => {
      open++
      const answer = await timed(needsDatabase[i % needsDatabase.length] ?? (() => get('/v1/me')))
      open--
      return answer
    })
    let answered = 0
    for (; answered < 200 && open > 0; answered++)
      expect((await get(zeroQueries[answered % zeroQueries.length] ?? '/live')).status).toBe(200)
    // They were answered while the others still waited: nothing stood behind them.
    expect(answered).toBeGreaterThan(20)
    await until(
      async () => (await readiness(server.url)) === 503,
      2 - (performance.now() - frozenAt) / 1000,
      '/ready says 503',
    )
    for (const { status, milliseconds } of await Promise.all(waiting)) {
      expect([503, 504]).toContain(status)
      expect(milliseconds).toBeLessThan(deadlineMs + 1_000)
    }
    for (let i = 0; i < 30; i++) {
      const later = await timed(needsDatabase[i % needsDatabase.length] ?? (() => get('/v1/me')))
      expect([503, 504]).toContain(later.status)
      expect(later.milliseconds).toBeLessThan(deadlineMs + 1_000)
    }
    expect((await get('/live')).status).toBe(200)
  } finally {
    thaw()
  }
  await until(async () => (await readiness(server.url)) === 200, 2, 'ready again')
  // The token was presented while nobody could answer: it is still good, or its successor is given.
  expect((await ask(server.url, 'refresh', { refreshToken: person.refreshToken })).status).toBe(200)
  expect((await get('/v1/me')).status).toBe(200)
}, 60_000)
