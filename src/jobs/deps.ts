import type { Config } from '../config/config.ts'
import type { Job } from '../db/job.ts'
import type { Sql } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'

/** What running jobs uses. */
export type JobDeps = {
  config: Pick<Config, 'jobs' | 'databaseUrl' | 'databaseSsl' | 'authzFeed'>
  sql: Sql
  log: Logger
  /** Every room's, in the order in which they are looked at. */
  jobs: readonly Job[]
}
