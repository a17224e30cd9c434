import { afterAll, describe, expect, test } from 'bun:test'
import type { Database } from '../../src/db/database.ts'
import { openObserved, reasonOf, untilAnswered } from '../support/open-database.ts'
import { openOwnPostgres } from '../support/postgres.ts'

const server = await openOwnPostgres()
afterAll(() => server.stop())
const observer = openObserved(server.url)
await observer.sql`create table notes (id int primary key)`

/** A deadline of 2 s. */
const hasty = { statementTimeoutMs: 1_000 }

const terminate = (pid: number) => observer.sql`select pg_terminate_backend(${pid}, 60000)`
const pidOf = async (sql: Database['sql']) =>
  (await sql<{ pid: number }[]>`select pg_backend_pid() as pid`)[0]?.pid ?? 0
const count = async (id: number) => (await observer.sql`select 1 from notes where id = ${id}`).length

/** The one other backend that runs `statement`, once there is one. */
async function backendRunning(statement: string): Promise<number> {
  for (;;) {
    const [row] = await observer.sql<{ pid: number }[]>`
      select pid from pg_stat_activity where state = 'active' and query = ${statement} and pid <> pg_backend_pid()`
    if (row) return row.pid
    await Bun.sleep(5)
  }
}

describe('a connection that ends', () => {
  test('terminated inside begin: a 503, nothing kept, and the pool goes on', async () => {
    const { sql, stats } = openObserved(server.url, { max: 1 })
    const work = sql.begin(async (tx) => {
      await tx`insert into notes (id) values (1)`
      const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
      await terminate(row?.pid ?? 0)
      await tx`insert into notes (id) values (2)`
    })
    expect(await reasonOf(work)).toMatchObject({ code: 'database-unavailable' })
    // Several, for one slot that never recovers would be found by the next only.
    for (let n = 0; n < 3; n++) expect(await pidOf(sql)).toBeGreaterThan(0)
    expect(await count(1)).toBe(0)
    expect(await count(2)).toBe(0)
    expect(stats().recycles).toBe(0)
  })

  test('terminated while the callback is busy elsewhere: it ends at once, and what it sends later reaches nobody', async () => {
    const { sql } = openObserved(server.url, { max: 1 })
    const elsewhere = Promise.withResolvers<void>()
    const afterwards = Promise.withResolvers<unknown>()
    const work = sql.begin(async (tx) => {
      const [row] = await tx<{ pid: number }[]>`select pg_backend_pid() as pid`
      void terminate(row?.pid ?? 0).catch(() => {})
      await elsewhere.promise
      afterwards.resolve(await reasonOf(Promise.resolve(tx`insert into notes (id) values (3)`)))
    })
    expect(await reasonOf(work)).toMatchObject({ code: 'database-unavailable' })
    await sql.begin(async (other) => {
      await other`insert into notes (id) values (4)`
      elsewhere.resolve()
      expect(await afterwards.promise).toMatchObject({ code: 'database-unavailable' })
    })
    expect([await count(3), await count(4)]).toEqual([0, 1])
  })

  test('all idle connections terminated: reads and transactions do not notice', async () => {
    const { sql, open, stats } = openObserved(server.url, {
      applicationName: 'to be terminated',
      acquireTimeoutMs: 60_000,
    })
    await open(8)
    await observer.sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to be terminated'`
    const work = Array.from({ length: 100 }, (_, n) =>
      n % 2 ? sql`select 1` : sql.begin((tx) => tx`insert into notes (id) values (${1000 + n})`),
    )
    await Promise.all(work)
    expect(stats().inUse).toBe(0)
  })

  test('a write whose connection broke under way is not repeated', async () => {
    const { sql } = openObserved(server.url)
    await observer.sql`create table slow_notes (id int)`
    const write = sql`with slept as (select pg_sleep(20)) insert into slow_notes select 1 from slept`
    const reason = reasonOf(Promise.resolve(write))
    await terminate(
      await backendRunning('with slept as (select pg_sleep(20)) insert into slow_notes select 1 from slept'),
    )
    expect(await reason).toMatchObject({ code: 'database-unavailable' })
    const [row] =
      await observer.sql`select count(*)::int as running from pg_stat_activity where query like 'with slept%' and state = 'active'`
    expect(row).toEqual({ running: 0 })
  })

  test('a commit whose answer is lost is reported as uncertain, not as committed', async () => {
    const database = openObserved(server.url)
    await observer.sql`create function linger() returns trigger language plpgsql as 'begin perform pg_sleep(20); return null; end'`
    await observer.sql`create table lingering (id int)`
    await observer.sql`create constraint trigger linger after insert on lingering deferrable initially deferred
      for each row execute function linger()`
    const committed: unknown[] = []
    const uncertain = Promise.withResolvers<unknown[]>()
    database.onCommit((items) => committed.push(...items))
    database.onUncertainCommit(uncertain.resolve)
    const work = database.sql.begin(async (tx) => {
      await tx`insert into lingering (id) values (1)`
      tx.committed.push('one')
    })
    const reason = reasonOf(work)
    await terminate(await backendRunning('commit'))
    expect(await reason).toMatchObject({ code: 'database-unavailable' })
    expect(await uncertain.promise).toEqual(['one'])
    expect(committed).toEqual([])
  })
})

describe('a server that freezes', () => {
  test('every kind of waiting ends with a 503, what was under way is never committed, and it recovers by itself', async () => {
    const database = openObserved(server.url, { ...hasty, applicationName: 'frozen' })
    const { sql } = database
    await database.open(4)
    const frozen = Promise.withResolvers<() => void>()
    const inside = sql.begin(async (tx) => {
      await tx`insert into notes (id) values (100)`
      frozen.resolve(server.freeze())
      await tx`insert into notes (id) values (101)`
    })
    const thaw = await frozen.promise
    const waiting = [
      inside,
      sql`select 1`,
      sql.begin((tx) => tx`select 1`),
      sql`insert into notes (id) values (102)`,
      database.ping(),
    ]
    for (const reason of await Promise.all(waiting.map((promise) => reasonOf(Promise.resolve(promise)))))
      expect(reason).toMatchObject({ code: 'database-unavailable' })
    // Each of the four that held a connection gave up its own; the probe's is none of the pool.
    expect(database.stats()).toMatchObject({ recycles: 4, inUse: 0 })
    thaw()
    await untilAnswered(database)
    await sql`select 1`
    let [left] = await observer.sql`select 1`
    while (left)
      [left] =
        await observer.sql`select 1 from pg_stat_activity where application_name = 'frozen' and xact_start is not null`
    expect([await count(100), await count(101)]).toEqual([0, 0])
  })

  test('one frozen backend does not keep the others from working', async () => {
    const database = openObserved(server.url, hasty)
    let pid = 0
    const work = database.sql.begin(async (tx) => {
      pid = (await tx<{ pid: number }[]>`select pg_backend_pid() as pid`)[0]?.pid ?? 0
      process.kill(pid, 'SIGSTOP')
      await tx`insert into notes (id) values (110)`
    })
    expect(await reasonOf(work)).toMatchObject({ code: 'database-unavailable' })
    expect(await pidOf(database.sql)).not.toBe(pid)
    process.kill(pid, 'SIGCONT')
    expect(await count(110)).toBe(0)
  })
})
