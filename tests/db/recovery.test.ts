import { expect, test } from 'bun:test'
import { openFakeServer } from '../support/fake-server.ts'
import { openObserved, reasonOf, untilAnswered } from '../support/open-database.ts'
import { openOwnPostgres } from '../support/postgres.ts'

const unavailable = { code: 'database-unavailable', headers: { 'Retry-After': '1' } }

test('one that accepts and hangs up is met by few, however many ask', async () => {
  const fake = await openFakeServer((socket) => socket.resume().end())
  const database = openObserved(fake.url, { max: 50, acquireTimeoutMs: 2_000 })
  /** Beside the first few, about one each half a second. */
  const probesSince = (since: number) => 20 + (performance.now() - since) / 350
  const ask = (n: number) =>
    reasonOf(n % 2 ? Promise.resolve(database.sql`select 1`) : database.sql.begin((tx) => tx`select 1`))
  let since = performance.now()
  for (const reason of await Promise.all(Array.from({ length: 200 }, (_, n) => ask(n))))
    expect(reason).toMatchObject(unavailable)
  const first = fake.connects()
  expect(first).toBeLessThan(10 + probesSince(since))
  since = performance.now()
  for (let n = 0; n < 1000; n++) expect(await ask(n)).toMatchObject(unavailable)
  expect(fake.connects() - first).toBeLessThan(probesSince(since))
  await database.close(1)
  await fake.close()
})

test('one that never says a word is given up', async () => {
  const fake = await openFakeServer((socket) => socket.resume())
  const database = openObserved(fake.url)
  const asked = [Promise.resolve(database.sql`select 1`), database.open(2), database.ping()]
  for (const reason of await Promise.all(asked.map(reasonOf))) expect(reason).toMatchObject(unavailable)
  await database.close(1)
  await fake.close()
})

test('killed and started again: who is patient does not notice, and what was acknowledged is there', async () => {
  const server = await openOwnPostgres()
  const database = openObserved(server.url, { acquireTimeoutMs: 30_000 })
  const { sql } = database
  await sql`create table notes (id int primary key)`
  await sql.begin((tx) => tx`insert into notes (id) values (200)`)
  server.kill()
  await Promise.all(Array.from({ length: 20 }, () => sql`select 1`.catch(() => {})))
  await untilAnswered(database)
  await sql.begin((tx) => tx`insert into notes (id) values (201)`)
  const [row] = await sql`select count(*)::int from notes where id in (200, 201)`
  expect(row).toEqual({ count: 2 })
  await database.close(1)
  await server.stop()
})
