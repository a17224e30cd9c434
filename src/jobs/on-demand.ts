import type { Database } from '../db/database.ts'
import type { Job } from '../db/job.ts'
import type { Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { JobDeps } from './deps.ts'
import { claimJob, runInDatabase } from './queries.ts'
import { inJobTrace, openForSlowJobs, recordFailure, runInTransaction } from './runner.ts'

/** The most runs at a time that one instance begins on request: each has a connection of its own. */
const maxAtOnce = 2

export type JobRunner = ReturnType<typeof createJobRunner>
type Start = { admit: (tx: Tx) => Promise<void>; onDecided: (isStarted: boolean) => void }

/** Runs jobs on request, outside the schedule, and bounds their number. */
export function createJobRunner(deps: JobDeps) {
  const running = new Map<string, { database: Database; ended: Promise<void> }>()
  let closed = false

  async function run(job: Job, database: Database, { admit, onDecided }: Start): Promise<void> {
    const startedAt = performance.now()
    let isStarted = false
    try {
      const outcome = await inJobTrace(job, () =>
        database.sql.begin(async (tx) => {
          if (!(await claimJob(tx, job.name, 0))) return null
          // A transaction of its own: the audit row stays, however the job ends.
          await deps.sql.begin(admit)
          isStarted = true
          onDecided(true)
          return job.work
            ? runInTransaction(tx, job.name, job.work, 0)
            : { result: await runInDatabase(tx, job.name, 0) }
        }),
      )
      onDecided(isStarted)
      outcome?.committed?.()
    } catch (error) {
      if (!isStarted) throw error
      await recordFailure(deps, job, startedAt, error)
      deps.log.warn({ err: error, job: job.name }, 'job failed that was asked for')
    }
  }

  return {
    /**
     * Starts a job now, whenever it last ran, and does not wait for its end.
     * @param admit checks and audits the request once the job is claimed; its error is thrown
     * @returns `running` when the job is running already, here or elsewhere
     * @throws AppError `not-found`; `overloaded` while as many run as may
     */
    async start(name: string, admit: (tx: Tx) => Promise<void>): Promise<'started' | 'running'> {
      const job = deps.jobs.find((candidate) => candidate.name === name)
      if (!job) throw new AppError('not-found')
      if (closed) throw new AppError('service-unavailable')
      if (running.has(name)) return 'running'
      if (running.size >= maxAtOnce) throw new AppError('overloaded')
      const database = openForSlowJobs(deps)
      const decided = Promise.withResolvers<boolean>()
      const ended = run(job, database, { admit, onDecided: decided.resolve })
        .catch(decided.reject)
        .finally(() => {
          running.delete(name)
          return database.close(1)
        })
      running.set(name, { database, ended })
      return (await decided.promise) ? 'started' : 'running'
    },
    /** Starts nothing more; aborts running jobs after `seconds`. */
    async close(seconds: number): Promise<void> {
      closed = true
      await Promise.all([...running.values()].flatMap(({ database, ended }) => [database.close(seconds), ended]))
    },
  }
}
