import { afterAll, expect, test } from 'bun:test'
import { isUniqueViolation } from '../../src/db/database.ts'
import type { Tx } from '../../src/db/types.ts'
import { createDatabase } from '../support/cluster.ts'
import { openObserved, reasonOf } from '../support/open-database.ts'

const database = await createDatabase()
const db = openObserved(database.url)
const { sql } = db
afterAll(() => database.drop())
await sql`create table notes (id int primary key)`

const raise = (tx: Tx, sqlState: string) => tx.unsafe(`do $$ begin raise sqlstate '${sqlState}'; end $$`)

test('what was pushed is told after the commit and before begin resolves', async () => {
  const told: unknown[] = []
  db.onCommit((items) => told.push(...items))
  const result = await sql.begin(async (tx) => {
    await tx`insert into notes (id) values (30)`
    tx.committed.push('thirty')
    expect(told).toEqual([])
    return 'done'
  })
  expect(result).toBe('done')
  expect(told).toEqual(['thirty'])
})

test('what was rolled back is told to nobody and leaves nothing', async () => {
  const told: unknown[] = []
  db.onCommit((items) => told.push(...items))
  db.onUncertainCommit((items) => told.push(...items))
  const error = new Error('no')
  const work = sql.begin(async (tx) => {
    await tx`insert into notes (id) values (31)`
    tx.committed.push('thirty-one')
    throw error
  })
  expect(await reasonOf(work)).toBe(error)
  expect(told).toEqual([])
  expect(await sql`select id from notes where id = 31`).toHaveLength(0)
})

test('a deadlock or serialisation failure is tried again from the start, with nothing kept', async () => {
  const told: unknown[] = []
  db.onCommit((items) => told.push(...items))
  let tries = 0
  await sql.begin(async (tx) => {
    tries++
    await tx`insert into notes (id) values (${40 + tries})`
    tx.committed.push(tries)
    if (tries < 3) await raise(tx, tries === 1 ? '40001' : '40P01')
  })
  expect(told).toEqual([3])
  expect([...(await sql`select id from notes where id between 41 and 49`)]).toEqual([{ id: 43 }])
})

test('after three repeats it is given up, as a 503', async () => {
  let tries = 0
  const work = sql.begin(async (tx) => {
    tries++
    await raise(tx, '40001')
  })
  expect(await reasonOf(work)).toMatchObject({ code: 'overloaded', detail: expect.stringContaining('the same thing') })
  expect(tries).toBe(4)
})

test('a statement that comes after the end is refused: the connection is another’s by then', async () => {
  const kept: Tx[] = []
  await sql.begin(async (tx) => void kept.push(tx))
  const [tx] = kept
  if (!tx) throw new Error('no transaction')
  await reasonOf(Promise.resolve(tx`insert into notes (id) values (50)`))
  expect(await sql`select id from notes where id = 50`).toHaveLength(0)
})

test('a failed statement cannot be swallowed: the transaction rolls back', async () => {
  const work = sql.begin(async (tx) => {
    await tx`insert into notes (id) values (60)`
    await tx`insert into notes (id) values (60)`.catch(() => {})
  })
  expect(isUniqueViolation(await reasonOf(work), 'notes_pkey')).toBe(true)
  expect(await sql`select id from notes where id = 60`).toHaveLength(0)
})
