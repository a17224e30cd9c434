import { afterAll, describe, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { availableParallelism } from 'node:os'
import { networkOf } from '../../src/http/caller-deps.ts'
import { givenAccount, goodPassword } from '../support/accounts.ts'
import { openTestApp, type TestApp } from '../support/app.ts'

const app = await openTestApp({}, { hashing: 'full' })
const { deps, lines } = app
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request, server) => app.app.fetch(request, { server }),
})
afterAll(() => server.stop(true))

const told = () =>
  lines
    .map((line) => JSON.parse(line))
    .filter((line) => line.path === '/v1/auth/login' || line.msg === 'request failed')

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await Bun.sleep(1)
}

/** Work for every argon2 thread, and more of it in front of whoever comes from the same network. */
function occupy({ deps }: TestApp): Promise<unknown> {
  return Promise.all(
    Array.from({ length: 20 * availableParallelism() }, () =>
      deps.passwords.hash('busy', undefined, networkOf('127.0.0.1')),
    ),
  )
}

describe('a client that leaves while its log-in waits', () => {
  test('is a client-closed in the log and a 4xx in the figures, no fault of ours', async () => {
    const { email } = await givenAccount(app)
    const busy = occupy(app)
    const body = JSON.stringify({ email, password: goodPassword })
    const socket = connect(server.port ?? 0, '127.0.0.1', () =>
      socket.write(
        `POST /v1/auth/login HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ),
    )
    await until(async () => (await app.sql`select 1 from lockouts where pending <> '{}'`).length > 0)
    socket.destroy()
    await until(() => told().length > 0)
    await busy
    expect(told()).toMatchObject([{ level: 'info', msg: 'client-closed', status: 499 }])
    expect(deps.traffic.problems().size).toBe(0)
    const counted = deps.traffic.requests().filter(({ count }) => count > 0)
    expect(counted).toMatchObject([{ route: '/v1/auth/login', statusClass: '4xx', count: 1 }])
    expect(await app.sql`select 1 from sessions`).toHaveLength(0)
    const [{ pending, failures } = {}] = await app.sql`select pending, failures from lockouts`
    expect([pending, failures]).toEqual([{}, []])
  })
})

test('a request whose time is up is an error of ours, as before', async () => {
  const hasty = await openTestApp({ REQUEST_TIMEOUT_MS: '100', DATABASE_URL: app.databaseUrl })
  const json = { email: 'nobody@people.test', password: goodPassword }
  await app.sql.begin(async (tx) => {
    await tx`lock table lockouts`
    expect((await hasty.request('/v1/auth/login', { json })).status).toBe(504)
  })
  expect(hasty.lines.map((line) => JSON.parse(line))).toContainEqual(
    expect.objectContaining({ level: 'error', msg: 'request', status: 504 }),
  )
  expect(hasty.deps.traffic.problems().get('deadline-exceeded')).toBeGreaterThan(0)
})
