import { functionFiles, listOutdatedFunctions } from './functions.ts'
import { migrations } from './migrations.ts'
import type { Db } from './types.ts'

/** The schema version that this program needs. */
export const latestVersion = Math.max(...migrations.map((migration) => migration.version))

/** The schema is newer than this program supports, or its history was edited. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError'
}

type SchemaState = {
  /** 0 without a schema. */
  version: number
  /**
   * Why this program cannot run on the schema, with advice; null: it can. Newer functions, and migrations that support
   * this program, are no reason.
   */
  gap: { reason: string; advice: string } | null
}

/**
 * The version of the schema, and whether this program can run on it: not on one that is too old, or newer and
 * incompatible.
 */
export async function findSchemaState(sql: Db): Promise<SchemaState> {
  const [known] = await sql<{ migrations: boolean; functions: boolean }[]>`
    select to_regclass('schema_migrations') is not null as migrations, to_regclass('schema_functions') is not null as functions`
  const version = known?.migrations ? await findVersion(sql) : 0
  const [older, newer] = ['run: manas360 migrate', 'deploy the newer program']
  const isServed = version > latestVersion && (await findOldestServed(sql)) <= latestVersion
  if (version !== latestVersion && !isServed) {
    const reason = `the schema is at version ${version}, this program needs ${latestVersion}`
    return { version, gap: { reason, advice: version < latestVersion ? older : newer } }
  }
  const outdated = known?.functions ? await listOutdatedFunctions(sql) : functionFiles
  if (outdated.length === 0) return { version, gap: null }
  const names = outdated.map(({ name }) => name).join(', ')
  return { version, gap: { reason: `functions of the schema are older than this program's: ${names}`, advice: older } }
}

async function findVersion(sql: Db): Promise<number> {
  const [row] = await sql<
    { version: number }[]
  >`select coalesce(max(version), 0)::int as version from schema_migrations`
  return row?.version ?? 0
}

/** The oldest version whose program runs on the migrations that are unknown here. */
async function findOldestServed(sql: Db): Promise<number> {
  const [row] = await sql<{ version: number }[]>`
    select max(coalesce(serves_from, version))::int as version from schema_migrations where version > ${latestVersion}`
  return row?.version ?? latestVersion
}

/** @throws MigrationError with advice, when the schema is not the one that this program needs */
export async function requireSchema(sql: Db): Promise<void> {
  const { gap } = await findSchemaState(sql)
  if (gap) throw new MigrationError(`${sentence(gap.reason)}. ${sentence(gap.advice)}.`)
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
