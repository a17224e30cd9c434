import { afterAll, expect, setDefaultTimeout, test } from 'bun:test'
import postgres from 'postgres'
import { goodPassword } from './support/accounts.ts'
import { compiledProgram } from './support/compiled.ts'
import { openOwnPostgres } from './support/postgres.ts'
import { readiness, startServerProcess, until } from './support/server-process.ts'
import { ask, type Ledger, startTraffic } from './support/traffic.ts'

// Durable, as in production: what is acknowledged must survive it.
const database = await openOwnPostgres()
const program = [await compiledProgram()]
let server = await startServerProcess(database.url, {}, program)
afterAll(async () => {
  await server.kill()
  await database.stop()
})

const clients = 6
/** At least so many, and on until a kill met somebody half-way. TEST_FAULT_ROUNDS=50 bun run test tests/faults looks for what is rare. */
const rounds = Number(process.env.TEST_FAULT_ROUNDS ?? 4)
setDefaultTimeout(30_000 + rounds * 20_000)

test('kill -9 of the server loses nothing acknowledged, leaves nothing half there and burns no session', async () => {
  const traffic = startTraffic(() => server.url, clients)
  const { ledger } = traffic
  for (let round = 0; round < rounds || ledger.repeated === 0 || ledger.unanswered.size === 0; round++) {
    await traffic.busy()
    await server.kill()
    server = await startServerProcess(database.url, {}, program)
  }
  await traffic.busy()
  await expectTruth(await traffic.stop())
})

test('kill -9 of PostgreSQL likewise, and the server recovers by itself', async () => {
  const traffic = startTraffic(() => server.url, clients)
  for (let round = 0; round < rounds || traffic.ledger.repeated === 0; round++) {
    await traffic.busy()
    database.kill()
    await until(async () => (await readiness(server.url)) === 503, 5, 'the loss is noticed')
    await until(async () => (await readiness(server.url)) === 200, 10, 'ready again')
  }
  await traffic.busy()
  await expectTruth(await traffic.stop())
})

/** Everything that the clients were told holds, and nothing is half there. */
async function expectTruth({ acknowledged, unanswered, burnt }: Ledger): Promise<void> {
  expect(burnt).toEqual([])
  const sql = postgres(database.url, { max: 1 })
  try {
    const stored = await sql<{ email: string; whole: boolean; alive: boolean }[]>`
      select a.email,
        (select count(*) from user_subscriptions s where s.account_id = a.id and s.ended_at is null and s.plan = 'free') = 1
          and exists (select from sessions s join tokens t on t.session_id = s.id where s.account_id = a.id)
          and (select count(*) from audit_logs l where l.action = 'account.create' and l.entity_id = a.id::text) = 1 as whole,
        not exists (select from sessions s where s.account_id = a.id and s.ended_at is not null) as alive
      from user_accounts a`
    expect(stored.filter(({ whole, alive }) => !whole || !alive)).toEqual([])
    const [strays] = await sql<{ count: number }[]>`
      select count(*)::int from audit_logs
       where action = 'account.create' and entity_id not in (select id::text from user_accounts)`
    expect(strays?.count).toBe(0)
    const emails = new Set(stored.map(({ email }) => email))
    expect([...acknowledged.keys()].filter((email) => !emails.has(email))).toEqual([])
    // The last token that a client got is the live branch of its session, whatever was repeated on the way.
    for (const refreshToken of acknowledged.values())
      expect((await ask(server.url, 'refresh', { refreshToken })).status).toBe(200)
    for (const email of unanswered) {
      const path = emails.has(email) ? 'login' : 'register'
      expect((await ask(server.url, path, { email, password: goodPassword })).status).toBe(path === 'login' ? 200 : 201)
    }
  } finally {
    await sql.end({ timeout: 5 })
  }
}
