import { afterAll, describe, expect, test } from 'bun:test'
import postgres from 'postgres'
import { isForeignKeyViolation, isUniqueViolation } from '../../src/db/database.ts'
import type { Sql } from '../../src/db/types.ts'
import { createDatabase } from '../support/cluster.ts'
import { openObserved, reasonOf } from '../support/open-database.ts'

const database = await createDatabase()
const db = openObserved(database.url)
const { sql } = db
afterAll(() => database.drop())
await sql`create table notes (id int primary key, note_text text, parent_id int constraint notes_parent_fkey references notes)`

describe('statements', () => {
  test('columns cross between snake_case and camelCase, keys inside JSON do not', async () => {
    await sql`insert into notes ${sql({ id: 1, noteText: "O'Brien; select" })}`
    const [row] =
      await sql`select note_text, '{"premium_dashboard": true}'::jsonb as overrides_now from notes where id = 1`
    expect(row).toEqual({ noteText: "O'Brien; select", overridesNow: { premium_dashboard: true } })
  })

  test('times are Dates in UTC, arrays are arrays, whatever the fragment', async () => {
    const moment = sql`'2026-01-02 03:04:05'::timestamp at time zone current_setting('TimeZone')`
    const [row] = await sql`select ${moment} as at, array['a', 'b'] as names where 2 = any(${[1, 2]})`
    expect(row).toEqual({ at: new Date('2026-01-02T03:04:05Z'), names: ['a', 'b'] })
  })

  test('each statement is counted once, a fragment and what is never awaited not at all', async () => {
    const before = db.stats().queries
    const columns = sql`id, note_text`
    await sql`select ${columns} from notes`
    await sql.begin((tx) => tx`select 1`)
    expect(db.stats().queries - before).toBe(2)
  })

  test('the server gets timeouts below the client’s own deadline, and the application’s name', async () => {
    const usual = openObserved(database.url, { statementTimeoutMs: 5000 })
    const rows = await usual.sql<{ name: string; setting: string }[]>`
      select name, setting from pg_settings where name in
        ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout', 'TimeZone', 'application_name') or name like 'tcp_keepalives%'`
    expect(Object.fromEntries(rows.map(({ name, setting }) => [name, setting]))).toEqual({
      statement_timeout: '5000',
      lock_timeout: '4500',
      idle_in_transaction_session_timeout: '10000',
      // A client that falls silent in the middle of a message is given up after 25 s.
      tcp_keepalives_idle: '10',
      tcp_keepalives_interval: '5',
      tcp_keepalives_count: '3',
      TimeZone: 'UTC',
      application_name: 'manas360-test',
    })
  })

  test('behind a pooler no setting is sent that it would refuse', async () => {
    const pooled = openObserved(database.url, { prepare: false, connectionParameters: false })
    const [row] = await pooled.sql`select current_setting('statement_timeout') as timeout, ${1}::int as parameter`
    expect(row).toEqual({ timeout: '0', parameter: 1 })
    const [{ prepared } = {}] = await pooled.sql`select count(*)::int as prepared from pg_prepared_statements`
    expect(prepared).toBe(0)
  })

  test('a slow statement is reported with placeholders, never with its values', async () => {
    const watched = openObserved(database.url, { slowQueryMs: 1 })
    await watched.sql`select pg_sleep(0.01), ${'a secret'}::text as value`
    expect(watched.slow.map((info) => info.statement)).toEqual(['select pg_sleep(0.01), $1::text as value'])
    expect(watched.stats().slowQueries).toBe(1)
  })

  test('connecting is no slow statement, at the start or later: what is told was sent over an open connection', async () => {
    const watched = openObserved(database.url, { slowQueryMs: 0 })
    await watched.open(3)
    expect(watched.slow).toEqual([])
    await Promise.all(Array.from({ length: 6 }, () => watched.sql`select 7`))
    expect(watched.slow.map(({ statement }) => statement)).toEqual(Array.from({ length: 6 }, () => 'select 7'))
    expect(watched.stats().queries).toBe(6)
  })

  test('cursors, which would outlive their deadline, are refused', async () => {
    const cursor = sql`select 1`.cursor(1)
    expect(await reasonOf(cursor[Symbol.asyncIterator]().next())).toBeInstanceOf(Error)
  })

  test('a notification belongs to its transaction: rolled back, nobody hears it', async () => {
    const listener = postgres(database.url, { max: 1 })
    const heard = Promise.withResolvers<string>()
    await listener.listen('changes', heard.resolve)
    await reasonOf(
      sql.begin(async (tx) => {
        await tx.notify('changes', 'rolled back')
        throw new Error('changed my mind')
      }),
    )
    await sql.begin((tx) => tx.notify('changes', 'committed'))
    expect(await heard.promise).toBe('committed')
    await listener.end({ timeout: 1 })
  })

  test('open() makes that many connections', async () => {
    const fresh = openObserved(database.url, { applicationName: 'opened at start' })
    await fresh.open(4)
    const [{ count } = {}] =
      await sql`select count(*)::int from pg_stat_activity where application_name = 'opened at start'`
    expect(count).toBe(4)
  })
})

describe('refusals', () => {
  const badInput: [string, (handle: Sql) => Promise<unknown>][] = [
    ['NUL in text', (handle) => handle`select ${'a\0b'}::text`],
    ['NUL in jsonb', (handle) => handle`select ${'"\\u0000"'}::text::jsonb`],
    ['a number out of range', (handle) => handle`select ${'99999999999999999999'}::text::bigint`],
    ['a bad uuid', (handle) => handle`select ${'nonsense'}::text::uuid`],
    ['an undefined value', (handle) => handle`select ${undefined as unknown as string}`],
  ]
  test.each(badInput)('%s is the client’s mistake', async (_, query) => {
    expect(await reasonOf(query(sql))).toMatchObject({ code: 'validation-failed' })
    expect(await reasonOf(sql.begin((tx) => query(tx as unknown as Sql)))).toMatchObject({ code: 'validation-failed' })
  })

  test('a text too long for its column is the client’s mistake', async () => {
    await sql`create table short_names (name varchar(2))`
    expect(await reasonOf(sql`insert into short_names values ('abc')`)).toMatchObject({ code: 'validation-failed' })
  })

  test('an undefined value harms no statement beside it', async () => {
    const undefinedValue = undefined as unknown as string
    const reason = await reasonOf(
      sql.begin((tx) => Promise.all([tx`select pg_sleep(0.01)`, tx`select ${undefinedValue}`])),
    )
    expect(reason).toMatchObject({ code: 'validation-failed' })
    expect(db.stats().recycles).toBe(0)
  })

  test('a constraint’s refusal reaches the service, by name, also through a transaction', async () => {
    await sql`insert into notes (id) values (10)`
    const twice = await reasonOf(sql.begin((tx) => tx`insert into notes (id) values (10)`))
    expect(isUniqueViolation(twice, 'notes_pkey')).toBe(true)
    expect(isUniqueViolation(twice, 'another_key')).toBe(false)
    const orphan = await reasonOf(sql`insert into notes (id, parent_id) values (11, 999)`)
    expect(isForeignKeyViolation(orphan, 'notes_parent_fkey')).toBe(true)
    expect(isUniqueViolation(orphan, 'notes_parent_fkey')).toBe(false)
  })

  test('a statement that the server cuts off is past its deadline, and its connection lives on', async () => {
    const hasty = openObserved(database.url, { max: 1, statementTimeoutMs: 1_000 })
    const [before] = await hasty.sql`select pg_backend_pid() as pid`
    expect(await reasonOf(hasty.sql`select pg_sleep(60)`)).toMatchObject({ code: 'deadline-exceeded' })
    const [after] = await hasty.sql`select pg_backend_pid() as pid`
    expect(after).toEqual(before)
    expect(hasty.stats().recycles).toBe(0)
  })

  test('a lock that others hold is not waited for longer than the lock timeout', async () => {
    const hasty = openObserved(database.url, { statementTimeoutMs: 1_000 })
    await sql.begin(async (tx) => {
      await tx`insert into notes (id) values (20)`
      expect(await reasonOf(hasty.sql`insert into notes (id) values (20)`)).toMatchObject({
        code: 'overloaded',
        detail: expect.stringContaining('Others are changing the same thing'),
        headers: { 'Retry-After': '1' },
      })
    })
  })

  test('what nobody foresaw stays the driver’s error', async () => {
    expect(await reasonOf(sql`select nothing_of_the_kind`)).toMatchObject({ code: '42703' })
  })
})

describe('closing', () => {
  test('what is under way ends well, what comes later is refused at once', async () => {
    const closing = openObserved(database.url)
    await closing.open(1)
    const underWay = closing.sql.begin((tx) => tx`select pg_sleep(0.05)`)
    while (closing.stats().queries === 0) await Bun.sleep(1)
    const closed = closing.close(5)
    expect(await reasonOf(Promise.resolve(closing.sql`select 1`))).toMatchObject({ code: 'database-unavailable' })
    await underWay
    await closed
  })
})
