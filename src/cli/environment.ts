import { ConfigError } from '../config/config-error.ts'
import { describeDatabaseFailure, type Target } from '../db/failure-advice.ts'
import type { EmbeddedPostgres } from '../embedded-postgres/open.ts'
import { type Config, loadConfig } from '../room-config.ts'
import { randomSecrets, withLocalSecrets } from './local-secrets.ts'

/** The environment, data directory and kind of program of a command. */
export type CommandEnvironment = {
  environment: Record<string, string | undefined>
  dataDirectory: string
  compiled: boolean
}
/** A placeholder for the required variable where no connection is made. */
const unusedUrl = 'postgres://127.0.0.1/manas360'

export type Prepared = { config: Config; database: EmbeddedPostgres | null }

/**
 * Loads the configuration and, without DATABASE_URL outside production, opens the embedded PostgreSQL: connects to it
 * if it runs, else starts it.
 * @param beforeDatabase checks the configuration before that
 */
export async function prepare(
  { environment, dataDirectory, compiled }: CommandEnvironment,
  beforeDatabase: (config: Config) => void = () => {},
): Promise<Prepared> {
  const complete = withLocalSecrets(environment, dataDirectory)
  if (environment.DATABASE_URL || environment.NODE_ENV === 'production') {
    const config = loadConfig(complete)
    beforeDatabase(config)
    return { config, database: null }
  }
  // Reports invalid variables before anything is started.
  const problems = findProblems({ ...complete, DATABASE_URL: unusedUrl })
  if (compiled)
    problems.unshift(
      'DATABASE_URL: is required; the compiled binary brings no PostgreSQL of its own. Set it to postgres://user:password@host:5432/database',
    )
  if (problems.length > 0) throw new ConfigError(problems)
  beforeDatabase(loadConfig({ ...complete, DATABASE_URL: unusedUrl }))
  const { openEmbeddedPostgres } = await import('../embedded-postgres/open.ts')
  const database = await openEmbeddedPostgres({ dataDir: `${dataDirectory}/postgres`, onProgress: printLine })
  try {
    return { config: loadConfig({ ...complete, DATABASE_URL: database.url }), database }
  } catch (error) {
    await database.stop()
    throw error
  }
}

/**
 * Loads the configuration of a command that makes no connection: database and secrets may be missing. Variables that
 * are set must be valid.
 * @throws ConfigError
 */
export function readConfig({ environment }: Pick<CommandEnvironment, 'environment'>): Config {
  const set = Object.entries(environment).filter(([, value]) => value)
  return loadConfig({
    DATABASE_URL: unusedUrl,
    ...withoutMail(environment),
    ...randomSecrets(),
    ...Object.fromEntries(set),
  })
}

/** Production requires a setting for mail, which a command without mail does not need. */
const withoutMail = ({ NODE_ENV, SMTP_URL }: CommandEnvironment['environment']) =>
  NODE_ENV === 'production' && !SMTP_URL ? { MAIL: 'off' } : {}

function findProblems(environment: CommandEnvironment['environment']): string[] {
  try {
    loadConfig(environment)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems
  }
}

/** Migrates the schema. @throws Error with the database's message and advice */
export function migrateSchema(config: Config, log: (line: string) => void): Promise<void> {
  const { databaseUrl, migrationUrl: url, databaseSsl: ssl } = config
  const serverRole = decodeURIComponent(new URL(databaseUrl).username) || undefined
  const variable = url === databaseUrl ? 'DATABASE_URL' : 'DATABASE_MIGRATION_URL'
  return explained({ url, variable }, async () => {
    const { migrate } = await import('../db/migrate.ts')
    await migrate({ url, serverRole, ssl, log })
  })
}

/** Runs `work`. @throws Error with advice for the operator where the database is the cause */
export async function explained<T>(target: Target, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const message = describeDatabaseFailure(error, target)
    throw message ? new Error(message, { cause: error }) : error
  }
}

/** Progress goes to standard error: standard output may be piped into a file. */
function printLine(line: string): void {
  process.stderr.write(`${line}\n`)
}
