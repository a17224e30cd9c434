import { afterAll, expect, test } from 'bun:test'
import postgres from 'postgres'
import { createDatabase } from '../support/cluster.ts'
import { openFakeServer } from '../support/fake-server.ts'
import { reasonOf } from '../support/open-database.ts'

/** The driver alone, with patches/postgres@3.4.9.patch and without the layer that would hide its loss. */
const database = await createDatabase()
const observer = postgres(database.url, { max: 1 })
afterAll(async () => {
  await observer.end({ timeout: 1 })
  await database.drop()
})

const terminate = (pid: number) => observer`select pg_terminate_backend(${pid}, 60000)`

async function untilSleeping(pid: number): Promise<void> {
  while ((await observer`select 1 from pg_stat_activity where pid = ${pid} and wait_event = 'PgSleep'`).length === 0)
    await Bun.sleep(5)
}

test('a slot whose backend was terminated inside begin connects again, without the old error', async () => {
  const sql = postgres(database.url, { max: 1, connect_timeout: 60 })
  for (let round = 0; round < 5; round++) {
    const running = Promise.withResolvers<number>()
    // Work that never ends: after a failure the driver would send ROLLBACK on the next connection, which db/transaction.ts never lets it.
    const lost = reasonOf(
      sql.begin(async (tx) => {
        const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
        tx`select pg_sleep(20)`.catch(() => {})
        running.resolve(row?.pid ?? 0)
        await new Promise(() => {})
      }),
    )
    const pid = await running.promise
    await untilSleeping(pid)
    await terminate(pid)
    expect(await lost).toMatchObject({ code: 'CONNECTION_CLOSED' })
    expect([...(await sql`select 1 as one`)]).toEqual([{ one: 1 }])
  }
  await sql.end({ timeout: 1 })
})

test('a slot whose backend was terminated amid the rows starts the next result at its first row', async () => {
  const sql = postgres(database.url, { max: 1, fetch_types: false })
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`
  const filling = reasonOf(
    Promise.resolve(
      sql`select repeat('x', 1000), pg_sleep(case when n = 500 then 20 else 0 end) from generate_series(1, 1000) as n`,
    ),
  )
  await untilSleeping(row?.pid ?? 0)
  await terminate(row?.pid ?? 0)
  await filling
  expect([...(await sql`select 1 as one`)]).toEqual([{ one: 1 }])
  await sql.end({ timeout: 1 })
})

test('the first query of a server that hangs up is rejected, and the next one is not sent at once', async () => {
  const fake = await openFakeServer((socket) => socket.resume().end())
  const sql = postgres(fake.url, { max: 1, backoff: () => 0.05 })
  for (let round = 0; round < 3; round++)
    expect(await reasonOf(Promise.resolve(sql`select 1`))).toMatchObject({ code: 'CONNECTION_CLOSED' })
  expect(fake.connects()).toBe(3)
  await sql.end({ timeout: 0 })
  await fake.close()
})

test('a pool that is ended before it connected again stays disconnected', async () => {
  const fake = await openFakeServer((socket) => socket.resume().end())
  const sql = postgres(fake.url, { max: 1, backoff: () => 0.05 })
  await reasonOf(Promise.resolve(sql`select 1`))
  const next = reasonOf(Promise.resolve(sql`select 1`))
  // One turn of the loop, which no pause of a busy machine makes as long as the driver's own.
  await new Promise(setImmediate)
  await sql.end({ timeout: 0 })
  expect(await next).toMatchObject({ code: 'CONNECTION_DESTROYED' })
  await Bun.sleep(100)
  expect(fake.connects()).toBe(1)
  await fake.close()
})

test('a pool that is ended at once, in whatever moment, connects for nothing that still waited', async () => {
  const name = `ended-${crypto.randomUUID()}`
  const answers: Promise<unknown>[] = []
  for (let round = 0; round < 60; round++) {
    const sql = postgres(database.url, { max: 1, connection: { application_name: name }, fetch_types: false })
    answers.push(...[sql`select 1`, sql`select 2`].map((query) => Promise.allSettled([query])))
    const endsAt = performance.now() + round / 4
    while (performance.now() < endsAt) await new Promise(setImmediate)
    await sql.end({ timeout: 0 })
  }
  await Promise.all(answers)
  // A connection made anew would never end.
  const connected = () => observer`select from pg_stat_activity where application_name = ${name}`
  while ((await connected()).length > 0) await Bun.sleep(20)
})
