import type { Job } from '../db/job.ts'
import type { Sql } from '../db/types.ts'
import type { JobDeps } from './deps.ts'
import { openForSlowJobs, runJob } from './runner.ts'
import type { JobsConfig } from './variables.ts'

/** How often due jobs are looked for, in milliseconds. */
const pollMs = 1_000
const maxPollMs = 300_000

/** The jobs that this process runs itself. */
export function jobsOf(jobs: readonly Job[], mode: JobsConfig['jobs']): Job[] {
  switch (mode) {
    case 'inline':
      return [...jobs]
    case 'pg_cron':
      return jobs.filter(({ work }) => work)
    case 'off':
      return []
    default: {
      const missing: never = mode
      throw new Error(`no jobs for ${missing}`)
    }
  }
}

/**
 * Runs due jobs, each on one instance at a time, however many there are: a lock in the database decides which instance
 * runs a job, and the last run is read there, so that a restart neither repeats nor skips one.
 * @returns a function that stops the schedule after the running jobs; one that takes longer than another second is
 *   aborted
 */
export function startJobs(deps: JobDeps): () => Promise<void> {
  const { true: slowJobs = [], false: quickJobs = [] } = Object.groupBy(
    jobsOf(deps.jobs, deps.config.jobs),
    (job) => `${job.slow ?? false}`,
  )
  const slow = openForSlowJobs(deps)
  const runners = [createSerialRunner(deps, deps.sql, quickJobs), createSerialRunner(deps, slow.sql, slowJobs)]
  const timer = setInterval(() => {
    for (const runner of runners) runner.runDue()
  }, pollMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    const idle = runners.map((runner) => runner.stop())
    await slow.close(1)
    await Promise.all(idle)
  }
}

/** Runs jobs one after the other. */
function createSerialRunner(deps: JobDeps, sql: Sql, own: Job[]) {
  const polledAt = new Map<string, number>()
  let busy = false
  let stopped = false
  let running: Promise<void> = Promise.resolve()

  async function runAll(due: Job[]): Promise<void> {
    for (const job of due) {
      if (stopped) return
      polledAt.set(job.name, performance.now())
      try {
        let result = await runJob(deps, sql, job, job.everySeconds - 1)
        while (result === job.batch && !stopped) result = await runJob(deps, sql, job, 0)
      } catch (error) {
        deps.log.warn({ err: error, job: job.name }, 'job failed; it runs again at its time')
      }
    }
  }

  return {
    runDue(): void {
      if (busy) return
      const now = performance.now()
      const due = own.filter(({ name, everySeconds }) => {
        const at = polledAt.get(name)
        return at === undefined || now - at >= Math.min(everySeconds * 1000, maxPollMs)
      })
      if (due.length === 0) return
      busy = true
      running = runAll(due).finally(() => {
        busy = false
      })
    },
    /** Starts nothing more; resolves when the running job has ended. */
    stop(): Promise<void> {
      stopped = true
      return running
    },
  }
}
