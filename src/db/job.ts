import type { Tx } from './types.ts'

/** What a run did: `result` is kept as JSON in `job_runs`; `committed` is called once it is committed. */
export type JobOutcome = { result: unknown; committed?: () => void }

/** Something that is due by the clock. Each room declares its own; `jobs/` runs what it is handed. */
export type Job = {
  name: string
  everySeconds: number
  /** It may take minutes: it has a connection of its own, and the others do not wait for it. */
  slow?: true
  /** It does so much at once; after a full batch it goes on without a pause. */
  batch?: number
  /** Work that needs a secret; without it, a job is `run_job(name)` of the schema, which pg_cron can call as well. */
  work?: (tx: Tx) => Promise<JobOutcome>
}
