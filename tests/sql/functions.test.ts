import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type postgres from 'postgres'
import { functionFiles } from '../../src/db/functions.ts'
import { migrate } from '../../src/db/migrate.ts'
import { migrations } from '../../src/db/migrations.ts'
import { findSchemaState, requireSchema } from '../../src/db/schema-version.ts'
import { openEmptyDatabase } from '../support/empty-database.ts'

type Definition = { name: string; definition: string; owner: string; rights: string | null }

/** The functions of ours as PostgreSQL has them: extensions' are theirs. */
const readDefinitions = (sql: postgres.Sql) => sql<Definition[]>`
  select oid::regprocedure::text as name, pg_get_functiondef(oid) as definition, proowner::regrole::text as owner, proacl::text as rights
    from pg_proc where pronamespace = 'public'::regnamespace
     and not exists (select from pg_depend d where d.classid = 'pg_proc'::regclass and d.objid = pg_proc.oid and d.deptype = 'e')
   order by 1`

/** A database as a program left it that knew no files of functions: version 19. */
async function openVersion19() {
  const database = await openEmptyDatabase()
  await database.sql.begin(async (tx) => {
    await tx.unsafe(`set local search_path = public, pg_temp;
      create table schema_migrations (
        version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default clock_timestamp())`)
    for (const { version, name, sql } of migrations.filter((migration) => migration.version <= 19)) {
      await tx.unsafe(sql)
      const checksum = new Bun.CryptoHasher('sha256').update(sql).digest('hex')
      await tx`insert into schema_migrations (version, name, checksum) values (${version}, ${name}, ${checksum})`
    }
  })
  return database
}

const { url, sql } = await openEmptyDatabase()
await migrate({ url })
const definitions = await readDefinitions(sql)

test('every file is run, and every function stands in one, but search_fold: a stored column is made of it', () => {
  const files = readdirSync(join(import.meta.dir, '../../sql/functions')).sort()
  expect(functionFiles.map(({ name }) => `${name}.sql`).sort()).toEqual(files)
  const text = functionFiles.map((file) => file.sql).join('\n')
  const homeless = definitions.filter(
    ({ name }) => !text.includes(`create or replace function public.${name.replace(/\(.*/, '(')}`),
  )
  expect(homeless.map(({ name }) => name)).toEqual(['search_fold(text)'])
})

test('a database of before comes to the same functions as an empty one, owners and rights included', async () => {
  const older = await openVersion19()
  expect((await findSchemaState(older.sql)).gap).not.toBeNull()
  await migrate({ url: older.url })
  await requireSchema(older.sql)
  expect(await readDefinitions(older.sql)).toEqual(definitions)
})

describe('with another program on the same database', () => {
  const lines: string[] = []
  const migrateAgain = async () => {
    lines.length = 0
    await migrate({ url, log: (line) => lines.push(line) })
  }
  const bodyOf = async () => (await readDefinitions(sql)).find(({ name }) => name === 'rank_of(text,text)')?.definition
  const original = definitions.find(({ name }) => name === 'rank_of(text,text)')?.definition
  const revision = functionFiles.find(({ name }) => name === 'roles')?.revision ?? 0
  /** What the other program does: its own text, under its own revision. */
  const replaceElsewhere = async (otherRevision: number) => {
    await sql.unsafe(`create or replace function public.rank_of(p_role text, p_plan text) returns smallint language sql stable
      set search_path = pg_catalog, pg_temp set timezone = 'UTC' as 'select 1::smallint'`)
    await sql`update schema_functions set revision = ${otherRevision}, checksum = 'other' where name = 'roles'`
  }

  test('again runs nothing', async () => {
    await migrateAgain()
    expect(lines.filter((line) => line.startsWith('replacing'))).toEqual([])
  })

  test('the older of two that alternate never puts its functions back, and serves with the newer ones', async () => {
    await replaceElsewhere(revision + 1)
    for (let turn = 0; turn < 2; turn++) await migrateAgain()
    expect(await bodyOf()).toContain('select 1::smallint')
    await requireSchema(sql)
    expect(await sql`select revision from schema_functions where name = 'roles'`).toEqual([
      { revision: revision + 1 },
    ] as never)
  })

  test.each([
    ['an earlier revision', revision - 1],
    ['another text of the same revision', revision],
  ])('%s is replaced, and until then it does not serve', async (_, otherRevision) => {
    await replaceElsewhere(otherRevision)
    expect(await requireSchema(sql).catch(String)).toContain('roles')
    await migrateAgain()
    expect(lines).toContain('replacing functions: roles')
    expect(await bodyOf()).toBe(original)
    await requireSchema(sql)
  })

  test('several that migrate at once replace it once', async () => {
    await replaceElsewhere(revision - 1)
    const all: string[] = []
    await Promise.all([1, 2, 3].map(() => migrate({ url, log: (line) => all.push(line) })))
    expect(all.filter((line) => line.startsWith('replacing'))).toEqual(['replacing functions: roles'])
    expect(await bodyOf()).toBe(original)
  })
})

test('functions that cannot be replaced take the migrations of the same run back with them', async () => {
  const { url, sql } = await openVersion19()
  const last = migrations.at(-1)?.version ?? 0
  await sql`delete from schema_migrations where version = ${last}`
  await sql.unsafe('drop function public.rank_of(text, text)')
  // Of another type: PostgreSQL replaces no such function.
  await sql.unsafe(
    "create function public.rank_of(p_role text, p_plan text) returns text language sql as 'select null'",
  )
  expect(await migrate({ url }).catch(String)).toContain('return type')
  expect(await sql`select 1 from schema_migrations where version = ${last}`).toHaveLength(0)
  expect(await sql`select to_regclass('schema_functions') as name`).toEqual([{ name: null }] as never)
  await sql.unsafe('drop function public.rank_of(text, text)')
  await migrate({ url })
  await requireSchema(sql)
})
