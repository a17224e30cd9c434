import { type Config, ConfigError, loadConfig } from '../config/config.ts'
import { type EmbeddedPostgres, openEmbeddedPostgres } from '../embedded-postgres/open.ts'
import { withLocalSecrets } from './local-secrets.ts'

/** Where a command runs. */
export type Surroundings = {
  environment: Record<string, string | undefined>
  dataDirectory: string
  compiled: boolean
}
export type Prepared = { config: Config; database: EmbeddedPostgres | null }

/** The configuration and, without DATABASE_URL outside production, a PostgreSQL of our own: joined if it runs, else started. */
export async function prepare({ environment, dataDirectory, compiled }: Surroundings): Promise<Prepared> {
  const complete = withLocalSecrets(environment, dataDirectory)
  if (environment.DATABASE_URL || environment.NODE_ENV === 'production')
    return { config: loadConfig(complete), database: null }
  // Bad variables are named before anything is started.
  const problems = findProblems({ ...complete, DATABASE_URL: 'postgres://127.0.0.1/manas360' })
  if (compiled)
    problems.unshift(
      'DATABASE_URL: is required; the compiled binary brings no PostgreSQL of its own. Set it to postgres://user:password@host:5432/database',
    )
  if (problems.length > 0) throw new ConfigError(problems)
  const database = await openEmbeddedPostgres({ dataDir: `${dataDirectory}/postgres`, onProgress: tell })
  try {
    return { config: loadConfig({ ...complete, DATABASE_URL: database.url }), database }
  } catch (error) {
    await database.stop()
    throw error
  }
}

function findProblems(environment: Surroundings['environment']): string[] {
  try {
    loadConfig(environment)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems
  }
}

/** What `migrate` needs to know. */
export function toMigration(config: Config, log: (line: string) => void) {
  const serverRole = decodeURIComponent(new URL(config.databaseUrl).username) || undefined
  return { url: config.migrationUrl, serverRole, ssl: config.databaseSsl, log }
}

/** Progress is no output: that may be piped into a file. */
function tell(line: string): void {
  process.stderr.write(`${line}\n`)
}
