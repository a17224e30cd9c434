import { createHash } from 'node:crypto'
import postgres from 'postgres'
import seedCatalogue from '../../sql/seed.sql' with { type: 'text' }
import { migrations } from './migrations.ts'
import { closeSchema, grantServerRole, listForeignObjects } from './schema-rights.ts'
import type { Db } from './types.ts'

/** Any constant will do; it keeps two migrating processes apart. */
const lockKey = 360_360_001

type Options = {
  url: string
  /** The role that the server will connect with, if it is not the owner: it is granted what it needs. */
  serverRole?: string
  ssl?: 'disable' | 'require' | 'verify-full'
  log?: (line: string) => void
}

/** The version that this program's schema has. */
export const latestVersion = Math.max(...migrations.map((migration) => migration.version))

/** A database that this program must not touch: newer than itself, or with edited history. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

/**
 * Brings the schema up to date and seeds the catalogue; running it again changes nothing.
 * @throws MigrationError if the database is newer than this program or an applied file was edited.
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
    if (!(await mayChangeSchema(sql))) return await requireNothingToDo(sql, log)
    await sql.begin((tx) => secureSchema(tx, serverRole, log))
    for (const migration of migrations) {
      await sql.begin(async (tx) => {
        await tx`select pg_advisory_xact_lock(${lockKey})`
        await tx.unsafe(`create table if not exists schema_migrations (
          version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default clock_timestamp())`)
        const applied = await tx<Applied[]>`select version, name, checksum from schema_migrations order by version`
        refuseForeignHistory(applied)
        if (applied.some((row) => row.version === migration.version)) return
        log(`applying ${migration.name}`)
        await tx.unsafe(migration.sql)
        const stop = await migration.rewrite?.(tx)
        if (stop) throw new MigrationError(stop)
        await tx`insert into schema_migrations (version, name, checksum) values (${migration.version}, ${migration.name}, ${checksum(migration.sql)})`
      })
    }
    await sql.begin(async (tx) => {
      await tx`select pg_advisory_xact_lock(${lockKey})`
      await tx.unsafe(seedCatalogue)
      if (serverRole && !(await isCurrentUser(tx, serverRole))) await grantServerRole(tx, serverRole)
    })
    log(`schema is at version ${latestVersion}, catalogue is seeded`)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

/** The schema's version, 0 when there is none. */
export async function findSchemaVersion(sql: Db): Promise<number> {
  const [table] = await sql<{ known: boolean }[]>`select to_regclass('schema_migrations') is not null as known`
  if (!table?.known) return 0
  const [row] = await sql<
    { version: number }[]
  >`select coalesce(max(version), 0)::int as version from schema_migrations`
  return row?.version ?? 0
}

async function mayChangeSchema(sql: Db): Promise<boolean> {
  const [row] = await sql<{ may: boolean }[]>`select has_schema_privilege('public', 'CREATE') as may`
  return row?.may === true
}

/** Migrating as a role that may not create anything. @throws MigrationError unless the schema is up to date */
async function requireNothingToDo(sql: Db, log: (line: string) => void): Promise<void> {
  const version = await findSchemaVersion(sql)
  if (version === latestVersion) return log(`schema is at version ${version}: nothing to do`)
  const [row] = await sql<{ role: string }[]>`select current_user as role`
  throw new MigrationError(
    `The schema is at version ${version}, this program's is ${latestVersion}, and the role ${row?.role} may not change it. Set DATABASE_MIGRATION_URL to the URL with the owner's role.`,
  )
}

/** @throws MigrationError saying what to do when the schema is not the one that this program needs. */
export async function requireSchema(sql: Db): Promise<void> {
  const version = await findSchemaVersion(sql)
  if (version < latestVersion)
    throw new MigrationError(
      `The schema is at version ${version}, this program needs ${latestVersion}. Run: manas360 migrate`,
    )
  if (version > latestVersion)
    throw new MigrationError(
      `The schema is at version ${version}, newer than this program (${latestVersion}). Deploy the newer program.`,
    )
}

/**
 * Before anything runs as the owner: nobody else may put things into the schema, and what somebody did is not used.
 * @throws MigrationError naming what must go first
 */
async function secureSchema(tx: postgres.TransactionSql, serverRole: string | undefined, log: (line: string) => void) {
  await tx`select pg_advisory_xact_lock(${lockKey})`
  const foreign = await listForeignObjects(tx, serverRole ?? null)
  if (foreign.length > 0)
    throw new MigrationError(
      `In the schema public there is what others than its owner made, and statements of ours could run it: ${foreign
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

function refuseForeignHistory(applied: Applied[]): void {
  for (const row of applied) {
    const own = migrations.find((migration) => migration.version === row.version)
    if (!own)
      throw new MigrationError(
        `The database is at version ${row.version}, newer than this program (${latestVersion}). Deploy the newer program.`,
      )
    if (checksum(own.sql) !== row.checksum)
      throw new MigrationError(
        `${row.name} was edited after it had run. Restore the file and put the change into a new migration.`,
      )
  }
}

function checksum(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
