import { afterEach, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import postgres from 'postgres'
import { goodPassword, newEmail } from './support/accounts.ts'
import { ask } from './support/auth-requests.ts'
import { createDatabase } from './support/cluster.ts'
import { readiness, type ServerProcess, startServerProcess, until } from './support/server-process.ts'

const endings: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end()
})

/** A server on a database of its own, and somebody in it whose row can be held: a request that changes it then waits. */
async function startWithPerson(environment: Record<string, string> = {}) {
  const database = await createDatabase()
  endings.push(() => database.drop())
  const server = await startServerProcess(database.url, environment)
  endings.push(() => server.kill())
  const email = newEmail()
  const { body } = await ask(server.url, 'register', { email, password: goodPassword })
  const sql = postgres(database.url, { max: 2, onnotice: () => {} })
  endings.push(() => sql.end({ timeout: 1 }))

  async function holdRequest() {
    const held = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const holding = sql.begin(async (tx) => {
      await tx`select 1 from user_accounts where email = ${email} for update`
      held.resolve()
      await release.promise
    })
    await held.promise
    const answer = fetch(`${server.url}/v1/me`, {
      method: 'PATCH',
      headers: { Authorization: `Bearer ${body.accessToken}`, 'Content-Type': 'application/json' },
      body: '{"firstName":"Asha"}',
    })
    answer.catch(() => {})
    await until(isWaiting, 5, 'the request waits for the row')
    return {
      answer,
      async letGo(): Promise<void> {
        release.resolve()
        await holding
      },
    }
  }

  async function isWaiting(): Promise<boolean> {
    const [row] = await sql<{ count: number }[]>`
      select count(*)::int from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    return (row?.count ?? 0) > 0
  }
  return { server, sql, holdRequest }
}

/** A connection that was used and then kept, as browsers and proxies do. */
async function keepConnection({ port, url }: ServerProcess): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  endings.push(async () => socket.destroy())
  socket.write(`GET /live HTTP/1.1\r\nHost: ${new URL(url).host}\r\n\r\n`)
  await new Promise((resolve) => socket.once('data', resolve))
  return socket
}

test('after SIGTERM requests under way are finished, the database is left, and the exit code is 0', async () => {
  const { server, sql, holdRequest } = await startWithPerson()
  const { answer, letGo } = await holdRequest()
  server.signal('SIGTERM')
  await until(async () => (await readiness(server.url)) === 0, 5, 'no new connections')
  await letGo()
  const response = await answer
  expect(response.status).toBe(200)
  expect((await response.json()) as object).toMatchObject({ firstName: 'Asha' })
  expect(await server.exited).toBe(0)
  // PostgreSQL ends a backend a moment after its client has left.
  await until(
    async () => {
      const left = await sql`
        select 1 from pg_stat_activity where application_name like 'manas360%' and datname = current_database()`
      return left.length === 0
    },
    10,
    'no connection is left',
  )
})

test('a second SIGTERM ends it at once', async () => {
  const { server, holdRequest } = await startWithPerson()
  const { answer, letGo } = await holdRequest()
  server.signal('SIGTERM')
  await until(async () => (await readiness(server.url)) === 0, 5, 'no new connections')
  server.signal('SIGTERM')
  expect(await server.exited).toBe(1)
  await letGo()
  await expect(answer).rejects.toThrow()
})

test('connections that are kept without a request do not hold the shutdown', async () => {
  // Bun itself would close them after 10 s, the server by force before its time is up.
  const { server } = await startWithPerson({ SHUTDOWN_TIMEOUT_MS: '60000' })
  await Promise.all(Array.from({ length: 20 }, () => keepConnection(server)))
  server.signal('SIGTERM')
  expect(await server.exitWithin(5)).toBe(0)
})

test('while it drains it is not ready, but answers, and asks for connections to be closed', async () => {
  const { server } = await startWithPerson({ DRAIN_DELAY_MS: '3000' })
  server.signal('SIGTERM')
  const ask = () => Promise.all([readiness(server.url), fetch(`${server.url}/live`)])
  const isDraining = async () => {
    const [ready, live] = await ask()
    expect(live.status).toBe(200)
    return ready === 503 && live.headers.get('connection') === 'close'
  }
  await until(isDraining, 2, 'it drains')
  expect(await server.exited).toBe(0)
})

test('a connection on which nothing happens is closed after IDLE_TIMEOUT_SECONDS, and not before', async () => {
  const { server: patient } = await startWithPerson({ IDLE_TIMEOUT_SECONDS: '255' })
  const { server: hasty } = await startWithPerson({ IDLE_TIMEOUT_SECONDS: '1' })
  const kept = await keepConnection(patient)
  const idle = await keepConnection(hasty)
  if (!idle.closed) await new Promise((resolve) => idle.once('close', resolve))
  const answered = new Promise((resolve) => kept.once('data', resolve))
  kept.write(`GET /live HTTP/1.1\r\nHost: ${new URL(patient.url).host}\r\n\r\n`)
  expect(String(await answered)).toStartWith('HTTP/1.1 200')
})
