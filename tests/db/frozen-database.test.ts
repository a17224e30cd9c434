import { afterAll, expect, test } from 'bun:test'
import postgres from 'postgres'
import { goodPassword, newEmail } from '../support/accounts.ts'
import { ask } from '../support/auth-requests.ts'
import { openOwnPostgres } from '../support/postgres.ts'
import { readiness, startServerProcess, until } from '../support/server-process.ts'
import { startTurnClock } from '../support/turn-clock.ts'

const deadlineMs = 3_000
const database = await openOwnPostgres()
const server = await startServerProcess(database.url, {
  REQUEST_TIMEOUT_MS: `${deadlineMs}`,
  DB_STATEMENT_TIMEOUT_MS: '1000',
})
const sql = postgres(database.url, { max: 1 })
afterAll(async () => {
  await server.kill()
  await sql.end({ timeout: 1 })
  await database.stop()
})
const email = newEmail()
const person = await registered()

/** On a busy machine a statement may take longer than these deadlines: it is asked for again. */
async function registered() {
  for (;;) {
    const answer = await ask(server.url, 'register', { email, password: goodPassword })
    if (answer.status === 201) return answer.body
  }
}

const get = (path: string) =>
  fetch(`${server.url}${path}`, { headers: { Authorization: `Bearer ${person.accessToken}` } })
const needsDatabase: (() => Promise<{ status: number }>)[] = [
  () => get('/v1/me'),
  () => get('/v1/dashboard'),
  () => get('/v1/auth/sessions'),
  () => ask(server.url, 'login', { email, password: goodPassword }),
  () => ask(server.url, 'refresh', { refreshToken: person.refreshToken }),
  () => ask(server.url, 'register', { email: newEmail(), password: goodPassword }),
]
const zeroQueries = ['/live', '/v1/entitlements/api_access', '/v1/catalogue']

/** Moves while what needs no statement is answered: each time with 200. */
function startClock() {
  let asked = 0
  return startTurnClock(async () => {
    expect((await get(zeroQueries[asked++ % zeroQueries.length] ?? '/live')).status).toBe(200)
  })
}

test('with PostgreSQL frozen no request outlives its deadline by a second, and those without a query go on', async () => {
  const thaw = database.freeze()
  const clock = startClock()
  /** Each kind of request that needs the database several times, at once: the statuses, and how long each took. */
  const atOnce = (count: number) =>
    Promise.all(
      Array.from({ length: count }, async (_, i) => {
        const since = clock.milliseconds()
        const { status } = await (needsDatabase[i % needsDatabase.length] ?? (() => get('/v1/me')))()
        return { status, milliseconds: clock.milliseconds() - since, answersBy: clock.answers() }
      }),
    )
  try {
    const notReady = until(async () => (await readiness(server.url)) === 503, 2, '/ready says 503')
    // Twice as many as there are connections.
    const waiting = await atOnce(120)
    await notReady
    // What needs no statement was answered while the others waited: nothing stood behind them.
    expect(Math.max(...waiting.map(({ answersBy }) => answersBy))).toBeGreaterThanOrEqual(zeroQueries.length)
    for (const { status, milliseconds } of [...waiting, ...(await atOnce(30))]) {
      expect([503, 504]).toContain(status)
      expect(milliseconds).toBeLessThan(deadlineMs + 1_000)
    }
    await clock.stop()
  } finally {
    thaw()
  }
  const is200 = (request: () => Promise<{ status: number }>) => async () => (await request()).status === 200
  await until(
    is200(() => get('/ready')),
    2,
    'ready again',
  )
  // The token was presented while nobody could answer: it is still good, or its successor is given.
  const refresh = async () => {
    // However long ago it was replaced, on a busy machine.
    await sql`update tokens set replaced_at = clock_timestamp() where replaced_at is not null`
    return ask(server.url, 'refresh', { refreshToken: person.refreshToken })
  }
  await until(is200(refresh), 2, 'the token is taken')
  await until(
    is200(() => get('/v1/me')),
    2,
    'the database is asked',
  )
})
