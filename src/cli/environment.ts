import { ConfigError } from '../config/config-error.ts'
import { describeDatabaseFailure, type Target } from '../db/failure-advice.ts'
import type { EmbeddedPostgres } from '../embedded-postgres/open.ts'
import { type Config, loadConfig } from '../room-config.ts'
import { randomSecrets, withLocalSecrets } from './local-secrets.ts'

/** Where a command runs. */
export type Surroundings = {
  environment: Record<string, string | undefined>
  dataDirectory: string
  compiled: boolean
}
/** Stands where a variable is required and nothing connects. */
const unusedUrl = 'postgres://127.0.0.1/manas360'

export type Prepared = { config: Config; database: EmbeddedPostgres | null }

/**
 * The configuration and, without DATABASE_URL outside production, a PostgreSQL of our own: joined if it runs, else started.
 * @param beforeDatabase judges the configuration before that is done
 */
export async function prepare(
  { environment, dataDirectory, compiled }: Surroundings,
  beforeDatabase: (config: Config) => void = () => {},
): Promise<Prepared> {
  const complete = withLocalSecrets(environment, dataDirectory)
  if (environment.DATABASE_URL || environment.NODE_ENV === 'production') {
    const config = loadConfig(complete)
    beforeDatabase(config)
    return { config, database: null }
  }
  // Bad variables are named before anything is started.
  const problems = findProblems({ ...complete, DATABASE_URL: unusedUrl })
  if (compiled)
    problems.unshift(
      'DATABASE_URL: is required; the compiled binary brings no PostgreSQL of its own. Set it to postgres://user:password@host:5432/database',
    )
  if (problems.length > 0) throw new ConfigError(problems)
  beforeDatabase(loadConfig({ ...complete, DATABASE_URL: unusedUrl }))
  const { openEmbeddedPostgres } = await import('../embedded-postgres/open.ts')
  const database = await openEmbeddedPostgres({ dataDir: `${dataDirectory}/postgres`, onProgress: tell })
  try {
    return { config: loadConfig({ ...complete, DATABASE_URL: database.url }), database }
  } catch (error) {
    await database.stop()
    throw error
  }
}

/**
 * The configuration of a command that opens nothing: no database, and no secrets, are needed. What is set must be sound.
 * @throws ConfigError
 */
export function readConfig({ environment }: Pick<Surroundings, 'environment'>): Config {
  const set = Object.entries(environment).filter(([, value]) => value)
  return loadConfig({
    DATABASE_URL: unusedUrl,
    ...withoutMail(environment),
    ...randomSecrets(),
    ...Object.fromEntries(set),
  })
}

/** Production wants to be told how mail goes out; a command that sends none does not. */
const withoutMail = ({ NODE_ENV, SMTP_URL }: Surroundings['environment']) =>
  NODE_ENV === 'production' && !SMTP_URL ? { MAIL: 'off' } : {}

function findProblems(environment: Surroundings['environment']): string[] {
  try {
    loadConfig(environment)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems
  }
}

/** Brings the schema up to date. @throws Error that says what the database said and what to do */
export function migrateSchema(config: Config, log: (line: string) => void): Promise<void> {
  const { databaseUrl, migrationUrl: url, databaseSsl: ssl } = config
  const serverRole = decodeURIComponent(new URL(databaseUrl).username) || undefined
  const variable = url === databaseUrl ? 'DATABASE_URL' : 'DATABASE_MIGRATION_URL'
  return explained({ url, variable }, async () => {
    const { migrate } = await import('../db/migrate.ts')
    await migrate({ url, serverRole, ssl, log })
  })
}

/** Does `work`; what fails because of the database is told as the operator needs it. */
export async function explained<T>(target: Target, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const told = describeDatabaseFailure(error, target)
    throw told ? new Error(told, { cause: error }) : error
  }
}

/** Progress is no output: that may be piped into a file. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
