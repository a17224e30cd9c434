import postgres from 'postgres'
import seedCatalogue from '../../sql/seed.sql' with { type: 'text' }
import { sha256Hex } from '../crypto/hash.ts'
import { replaceFunctions } from './functions.ts'
import { migrations } from './migrations.ts'
import { closeSchema, grantServerRole, listForeignObjects } from './schema-rights.ts'
import { findSchemaState, latestVersion, MigrationError } from './schema-version.ts'
import type { Tls } from './tls.ts'
import type { Db } from './types.ts'

/** Key of the advisory lock that serialises migrations; any constant. */
const lockKey = 360_360_001

type Options = {
  url: string
  /** The role of the server, if it is not the owner: it is granted what it needs. */
  serverRole?: string
  ssl?: Tls
  log?: (line: string) => void
}

/**
 * Migrates the schema and seeds the catalogue, in one transaction: a running server of the previous version sees the
 * old schema or the new one. Idempotent. Changes nothing on a newer schema that supports this program.
 * @throws MigrationError for a newer schema that does not, or when an applied file was edited
 */
export async function migrate({ url, serverRole, ssl = 'disable', log = () => {} }: Options): Promise<void> {
  const sql = postgres(url, {
    max: 1,
    ssl: ssl === 'disable' ? false : ssl,
    onnotice: () => {},
    connect_timeout: 10,
    connection: {
      application_name: 'manas360-migrate',
      lock_timeout: 60_000,
      search_path: 'public, pg_temp',
      TimeZone: 'UTC',
    },
  })
  try {
    if (!(await mayChangeSchema(sql)) || (await isNewer(sql))) return await requireNothingToDo(sql, log)
    // A transaction of its own: after its commit no other role can create functions that migrations would call.
    await sql.begin((tx) => secureSchema(tx, serverRole, log))
    await sql.begin(async (tx) => {
      await lockSchema(tx)
      await applyMigrations(tx, log)
      const replaced = await replaceFunctions(tx)
      if (replaced.length > 0) log(`replacing functions: ${replaced.join(', ')}`)
      await tx.unsafe(seedCatalogue)
      if (serverRole && !(await isCurrentUser(tx, serverRole))) await grantServerRole(tx, serverRole)
    })
    log(`schema is at version ${latestVersion}, catalogue is seeded`)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

async function applyMigrations(tx: postgres.TransactionSql, log: (line: string) => void): Promise<void> {
  await openHistory(tx)
  const applied = await tx<Applied[]>`select version, name, checksum from schema_migrations order by version`
  requireKnownHistory(applied)
  const done = new Set(applied.map(({ version }) => version))
  for (const { version, name, sql, servesFrom, rewrite } of migrations) {
    if (done.has(version)) continue
    log(`applying ${name}`)
    await tx.unsafe(sql)
    const stop = await rewrite?.(tx)
    if (stop) throw new MigrationError(stop)
    await tx`insert into schema_migrations (version, name, checksum, serves_from)
      values (${version}, ${name}, ${sha256Hex(sql)}, ${servesFrom ?? null})`
  }
}

/** Creates the table of the history, which must exist before the first migration. */
async function openHistory(tx: postgres.TransactionSql): Promise<void> {
  await tx.unsafe(`create table if not exists schema_migrations (
    version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default clock_timestamp())`)
  const [column] = await tx`
    select 1 from pg_attribute where attrelid = 'schema_migrations'::regclass and attname = 'serves_from'`
  if (!column) await tx`alter table schema_migrations add column serves_from integer`
}

/** Serialises migrations until the transaction ends. */
async function lockSchema(tx: postgres.TransactionSql): Promise<void> {
  await tx`select pg_advisory_xact_lock(${lockKey})`
}

async function mayChangeSchema(sql: Db): Promise<boolean> {
  const [row] = await sql<{ may: boolean }[]>`select has_schema_privilege('public', 'CREATE') as may`
  return row?.may === true
}

async function isNewer(sql: Db): Promise<boolean> {
  return (await findSchemaState(sql)).version > latestVersion
}

/**
 * For a role without CREATE, and for a newer database. @throws MigrationError unless the schema supports this program
 * as it is
 */
async function requireNothingToDo(sql: Db, log: (line: string) => void): Promise<void> {
  const { version, gap } = await findSchemaState(sql)
  if (!gap) return log(`schema is at version ${version}: nothing to do`)
  if (version > latestVersion)
    throw new MigrationError(`The database is newer: ${gap.reason}. Deploy the newer program.`)
  const [row] = await sql<{ role: string }[]>`select current_user as role`
  throw new MigrationError(
    `Something has to be migrated (${gap.reason}), and the role ${row?.role} may not change the schema. Set DATABASE_MIGRATION_URL to the URL with the owner's role.`,
  )
}

/**
 * Secures the schema before anything runs as its owner: revokes CREATE from others, and refuses objects that others own.
 * @throws MigrationError naming what must be dropped first
 */
async function secureSchema(tx: postgres.TransactionSql, serverRole: string | undefined, log: (line: string) => void) {
  await lockSchema(tx)
  const foreign = await listForeignObjects(tx, serverRole ?? null)
  if (foreign.length > 0)
    throw new MigrationError(
      `The schema public holds objects that its owner did not create, and migrations could run them: ${foreign
        .map(({ name, owner }) => `${name} (of ${owner})`)
        .join(', ')}. Drop it, or move it to another schema, and migrate again.`,
    )
  const toRun = await closeSchema(tx, serverRole ?? null)
  if (toRun)
    log(`others may create objects in the schema public; as an administrator run "${toRun}", then migrate again`)
}

async function isCurrentUser(tx: postgres.TransactionSql, role: string): Promise<boolean> {
  const [row] = await tx<{ same: boolean }[]>`select current_user = ${role} as same`
  return row?.same === true
}

type Applied = { version: number; name: string; checksum: string }

function requireKnownHistory(applied: Applied[]): void {
  for (const row of applied) {
    const own = migrations.find((migration) => migration.version === row.version)
    if (!own)
      throw new MigrationError(
        `The database is at version ${row.version}, newer than this program (${latestVersion}). Deploy the newer program.`,
      )
    if (sha256Hex(own.sql) !== row.checksum)
      throw new MigrationError(
        `${row.name} was edited after it had run. Restore the file and put the change into a new migration; while nobody else has it, begin with a new database (in development: delete .data).`,
      )
  }
}
