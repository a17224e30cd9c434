import type { Tx } from './types.ts'

/** A run's outcome: `result` is stored as JSON in `job_runs`; `committed` is called after the commit. */
export type JobOutcome = { result: unknown; committed?: () => void }

/** A scheduled job. Each room declares its own; `jobs/` runs them. */
export type Job = {
  name: string
  everySeconds: number
  /** A long job: it has a connection of its own, and other jobs do not wait for it. */
  slow?: true
  /** Items per run: after a full batch the job runs again at once. */
  batch?: number
  /**
   * Work in this process, because it needs a secret. Other jobs are the SQL function `run_job(name)`, which pg_cron can
   * call too.
   */
  work?: (tx: Tx) => Promise<JobOutcome>
}
