import type { ChangesConfig } from '../changes/variables.ts'
import type { Job } from '../db/job.ts'
import type { Sql } from '../db/types.ts'
import type { DatabaseConfig } from '../db/variables.ts'
import type { Logger } from '../log/logger.ts'
import type { JobsConfig } from './variables.ts'

/** What running jobs uses. */
export type JobDeps = {
  config: JobsConfig & ChangesConfig & Pick<DatabaseConfig, 'databaseUrl' | 'databaseSsl'>
  sql: Sql
  log: Logger
  /** Every room's, in the order in which they are looked at. */
  jobs: readonly Job[]
}
