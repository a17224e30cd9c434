import { afterAll, describe, expect, test } from 'bun:test'
import { openObserved, reasonOf } from '../support/open-database.ts'
import { openPgBouncer, skipped } from '../support/pgbouncer.ts'
import { openOwnPostgres } from '../support/postgres.ts'

/** Slow is not lost: who is late is given up alone, and everybody else goes on. */
const server = await openOwnPostgres()
afterAll(() => server.stop())
const observer = openObserved(server.url)
await observer.sql`create table notes (id int primary key, seen int not null default 0)`
await observer.sql`insert into notes (id) values (1), (2)`

/** Burns a core of the server's for about as long, sleeping not at all. */
const busyFor = (milliseconds: number) => `
  do $$ declare ends timestamptz := clock_timestamp() + interval '${milliseconds} milliseconds';
  begin while clock_timestamp() < ends loop perform md5(ends::text); end loop; end $$`

test('with the server’s cores saturated nobody is told that the database is lost, and nothing is given up', async () => {
  const database = openObserved(server.url, { max: 50, acquireTimeoutMs: 60_000 })
  const { sql } = database
  const probes: Promise<unknown>[] = []
  const work = Array.from({ length: 50 }, async (_, n) => {
    for (let round = 0; round < 4; round++) {
      if (n % 5 === 0) probes.push(database.ping())
      await sql.unsafe(busyFor(500))
      await sql.begin((tx) => tx`select ${round}::int`)
    }
  })
  await Promise.all(work)
  await Promise.all(probes)
  expect(database.warnings).toEqual([])
  expect(database.stats()).toMatchObject({ recycles: 0, inUse: 0, waiting: 0 })
})

test('a probe that is late while others are answered shuts nobody out', async () => {
  const database = openObserved(server.url)
  const { sql } = database
  await database.ping()
  const [prober] = await observer.sql<{ pid: number }[]>`
    select pid from pg_stat_activity where query like '%transaction_read_only%' and pid <> pg_backend_pid() and application_name = 'manas360-test' order by query_start desc limit 1`
  const pid = prober?.pid ?? 0
  process.kill(pid, 'SIGSTOP')
  let over = false
  const others = (async () => {
    while (!over) await sql`select 2`
  })()
  await database.ping()
  over = true
  await others
  process.kill(pid, 'SIGCONT')
  expect(database.warnings).toEqual([])
})

/** One backend stands still with a statement under way while fifty others are answered. */
async function stallOneOf(database: ReturnType<typeof openObserved>): Promise<void> {
  const { sql } = database
  const stalled = Promise.withResolvers<number>()
  const late = reasonOf(
    sql.begin(async (tx) => {
      const pid = (await tx<{ pid: number }[]>`select pg_backend_pid() as pid`)[0]?.pid ?? 0
      await tx`insert into notes (id) values (100)`
      process.kill(pid, 'SIGSTOP')
      stalled.resolve(pid)
      await tx`select 3`
    }),
  )
  const pid = await stalled.promise
  let over = false
  const others = Array.from({ length: 50 }, async () => {
    for (let n = 0; !over; n++) {
      await sql`select pg_sleep(0.05)`
      await sql.begin((tx) => tx`select ${n}::int`)
    }
  })
  expect(await late).toMatchObject({ code: 'deadline-exceeded' })
  over = true
  await Promise.all(others)
  process.kill(pid, 'SIGCONT')
}

test('one statement past its deadline while fifty others are under way: it alone fails', async () => {
  const database = openObserved(server.url, { max: 60, statementTimeoutMs: 2_000 })
  await stallOneOf(database)
  expect(database.warnings).toEqual([])
  expect(database.stats()).toMatchObject({ recycles: 1, inUse: 0, waiting: 0 })
  expect(await observer.sql`select 1 from notes where id = 100`).toHaveLength(0)
})

describe.skipIf(skipped)('behind PgBouncer, which sets no timeout', () => {
  test('a statement that waits for a lock past its deadline fails alone, and is cancelled at the server', async () => {
    const url = await openPgBouncer(server.url)
    const pooled = { prepare: false, connectionParameters: false, statementTimeoutMs: 2_000, max: 20 }
    const database = openObserved(url, pooled)
    const locked = Promise.withResolvers<void>()
    const release = Promise.withResolvers<void>()
    const holding = observer.sql.begin(async (tx) => {
      await tx`update notes set seen = 1 where id = 1`
      locked.resolve()
      await release.promise
    })
    await locked.promise
    const waits = reasonOf(database.sql`update notes set seen = 2 where id = 1`)
    let over = false
    const others = Array.from({ length: 15 }, async () => {
      while (!over) await database.sql`select pg_sleep(0.01)`
    })
    expect(await waits).toMatchObject({ code: 'deadline-exceeded' })
    over = true
    await Promise.all(others)
    const waiting = () => observer.sql`
      select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'update notes set seen = 2%'`
    while ((await waiting()).length > 0) await Bun.sleep(5)
    release.resolve()
    await holding
    expect(database.warnings).toEqual([])
    expect(database.stats()).toMatchObject({ recycles: 1, inUse: 0 })
    expect([...(await observer.sql`select seen from notes where id = 1`)]).toEqual([{ seen: 1 }])
  })
})
