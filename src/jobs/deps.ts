import type { ChangesConfig } from '../changes/variables.ts'
import type { Job } from '../db/job.ts'
import type { Sql } from '../db/types.ts'
import type { DatabaseConfig } from '../db/variables.ts'
import type { Logger } from '../log/logger.ts'
import type { JobsConfig } from './variables.ts'

/** Dependencies of running jobs. */
export type JobDeps = {
  config: JobsConfig & ChangesConfig & Pick<DatabaseConfig, 'databaseUrl' | 'databaseSsl' | 'acquireTimeoutMs'>
  sql: Sql
  log: Logger
  /** The jobs of all rooms, in the order in which they are checked. */
  jobs: readonly Job[]
}
