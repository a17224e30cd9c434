import { describe, expect, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import type postgres from 'postgres'
import { migrate } from '../../src/db/migrate.ts'
import { latestVersion, MigrationError, requireSchema } from '../../src/db/schema-version.ts'
import { openEmptyDatabase } from '../support/empty-database.ts'

/** The versions of the files in sql/. */
const versions = readdirSync(join(import.meta.dir, '../../sql/tables'))
  .flatMap((name) => /^(\d{4})_\w+\.sql$/.exec(name)?.[1] ?? [])
  .map(Number)
  .sort((a, b) => a - b)

/** The schema and the catalogue as one text: what a migration that changes nothing leaves as it was. */
async function snapshot(sql: postgres.Sql): Promise<string> {
  const rows = await sql<{ line: string }[]>`
    select format('%s.%s %s %s %s', table_name, column_name, data_type, is_nullable, column_default) as line
      from information_schema.columns where table_schema = 'public'
    union all select indexdef from pg_indexes where schemaname = 'public'
    union all select format('%s %s', conrelid::regclass, pg_get_constraintdef(oid)) from pg_constraint where connamespace = 'public'::regnamespace
    union all select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal
    union all select prosrc from pg_proc where pronamespace = 'public'::regnamespace
    union all select m::text from schema_migrations m union all select f::text from schema_functions f
    union all select t::text from roles t union all select t::text from role_permissions t union all select t::text from permissions t
    union all select t::text from features t union all select t::text from subscription_plans t union all select t::text from plan_features t
    union all select t::text from catalogue_version t
    order by 1`
  return rows.map(({ line }) => line).join('\n')
}

async function reasonOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

describe('migrating', async () => {
  const { url, sql } = await openEmptyDatabase()
  await migrate({ url })

  test('an empty database brings it to the version that this program needs', async () => {
    const rows = await sql`select version from schema_migrations order by version`
    expect(rows.map(({ version }) => version)).toEqual(versions)
    await requireSchema(sql)
  })

  test('again changes nothing', async () => {
    const before = await snapshot(sql)
    await migrate({ url })
    expect(await snapshot(sql)).toBe(before)
  })

  test('again leaves what an administrator edited since: the seed does not undo it', async () => {
    await sql`update subscription_plans set price_monthly_minor = 1299, price_yearly_minor = 12990, display_name = 'Start' where name = 'starter'`
    await sql`delete from plan_features where plan = 'professional' and feature = 'webhook_support'`
    await sql`insert into plan_features (plan, feature, limit_value) values ('free', 'data_export', 3)`
    await sql`delete from role_permissions where role = 'admin' and permission = 'analytics.read'`
    await sql`insert into role_permissions (role, permission) values ('guest', 'dashboard.read')`
    await sql`update features set retired_at = now(), category = 'old' where name = 'white_label'`
    await sql`update roles set description = 'Another' where name = 'user'`
    const before = await snapshot(sql)
    await migrate({ url })
    expect(await snapshot(sql)).toBe(before)
  })

  test('is refused when an applied file was edited, and nothing is touched', async () => {
    const [row] = await sql`select checksum from schema_migrations where version = 1`
    await sql`update schema_migrations set checksum = 'edited' where version = 1`
    const before = await snapshot(sql)
    expect(await reasonOf(migrate({ url }))).toBeInstanceOf(MigrationError)
    expect(await snapshot(sql)).toBe(before)
    await sql`update schema_migrations set checksum = ${row?.checksum} where version = 1`
  })

  test('and serving are refused on a database that is newer than this program', async () => {
    await sql`insert into schema_migrations (version, name, checksum) values (999, '0999_future', 'x')`
    const before = await snapshot(sql)
    for (const attempt of [() => migrate({ url }), () => requireSchema(sql)]) {
      const reason = await reasonOf(attempt())
      expect(reason).toBeInstanceOf(MigrationError)
      expect(String(reason)).toContain('999')
    }
    expect(await snapshot(sql)).toBe(before)
    await sql`delete from schema_migrations where version = 999`
  })

  test('serving is refused on a database that is older, with what to do', async () => {
    await sql`delete from schema_migrations where version = ${latestVersion}`
    const reason = await reasonOf(requireSchema(sql))
    expect(reason).toBeInstanceOf(MigrationError)
    expect(String(reason)).toContain('migrate')
  })
})

test('two processes that migrate an empty database at once both succeed, and it is migrated once', async () => {
  const { url, sql } = await openEmptyDatabase()
  const lines: string[] = []
  await Promise.all([1, 2, 3].map(() => migrate({ url, log: (line) => lines.push(line) })))
  expect(lines.filter((line) => line.startsWith('applying'))).toHaveLength(versions.length)
  expect(await sql`select 1 from schema_migrations`).toHaveLength(versions.length)
  expect(await sql`select 1 from roles`).toHaveLength(5)
})

test('a migration that fails half-way leaves nothing, and succeeds once the hindrance is gone', async () => {
  const { url, sql } = await openEmptyDatabase()
  await sql`create table sessions (id integer)`
  expect(await reasonOf(migrate({ url }))).toBeInstanceOf(Error)
  const left = await sql<{ name: string }[]>`select tablename as name from pg_tables where schemaname = 'public'`
  expect(left.map(({ name }) => name)).toEqual(['sessions'])
  await sql`drop table sessions`
  await migrate({ url })
  await requireSchema(sql)
})

describe("the server's own role", async () => {
  const { url, sql } = await openEmptyDatabase()
  const role = `server_${crypto.randomUUID().slice(0, 8)}`
  await sql`create role ${sql(role)} nologin`
  await migrate({ url, serverRole: role })

  /** What happens when that role runs a statement; undone in any case. */
  async function as(statement: string): Promise<string> {
    return sql
      .begin(async (tx) => {
        await tx`set local role ${tx(role)}`
        await tx.unsafe(statement)
        throw new Error('allowed')
      })
      .catch((error: Error & { code?: string }) => (error.code === '42501' ? 'refused' : error.message))
  }

  const allowed = [
    "insert into user_accounts (id, email, password_hash) values (gen_random_uuid(), 'a@b.test', '$argon2id$x')",
    'update subscription_plans set featured = false',
    'delete from login_attempts',
    'delete from audit_personal',
    'select * from audit_logs',
    "insert into audit_logs (id, at, action, entity_type, key_id, mac, personal_hash) select gen_random_uuid(), now(), 'a.b', 'x', 'k', h, h from decode(repeat('00', 32), 'hex') h",
    'select * from activity_by_day',
    'select purge_expired(), forget_successors()',
    'select refresh_views()',
  ]
  for (const statement of allowed)
    test(`may: ${statement.slice(0, 60)}`, async () => {
      expect(await as(statement)).toBe('allowed')
    })

  const refused = [
    "update audit_logs set action = 'c.d'",
    'delete from audit_logs',
    'truncate audit_logs cascade',
    'drop table audit_logs',
    'alter table audit_logs disable trigger all',
    'update schema_migrations set checksum = version::text',
    'update schema_functions set revision = revision + 1',
    'create table mine (id integer)',
  ]
  for (const statement of refused)
    test(`may not: ${statement}`, async () => {
      // Whoever owns a table is refused by words of its own.
      expect(await as(statement)).toBe('refused')
    })

  test('can be dropped again', async () => {
    await sql`drop owned by ${sql(role)}`
    await sql`drop role ${sql(role)}`
  })
})
