import { expect, test } from 'bun:test'
import postgres from 'postgres'
import { createDatabase } from './cluster.ts'

test('databases made at the same time are apart, and each has the schema', async () => {
  const databases = await Promise.all(Array.from({ length: 6 }, () => createDatabase()))
  const counts = await Promise.all(
    databases.map(async ({ url }, index) => {
      const sql = postgres(url, { max: 1, onnotice: () => {} })
      await sql`create table only_here (id integer)`
      await sql`insert into only_here select generate_series(1, ${index})`
      const [row] =
        await sql`select (select count(*)::int from only_here) as own, (select count(*) > 0 from schema_migrations) as migrated`
      await sql.end()
      return row
    }),
  )
  expect(counts).toEqual(databases.map((_, index) => ({ own: index, migrated: true })))
  await Promise.all(databases.map((database) => database.drop()))
})

test('a dropped database is gone, though somebody is still connected to it', async () => {
  const { url, drop } = await createDatabase()
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql`select 1`
  await drop()
  await sql.end({ timeout: 1 })
  await expect(postgres(url, { max: 1 })`select 1`).rejects.toMatchObject({ code: '3D000' })
})
