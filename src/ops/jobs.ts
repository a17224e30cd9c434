import { sealAudit } from '../audit/seal.ts'
import type { Tx } from '../db.ts'
import type { Deps } from '../deps.ts'
import { findJobRuns, finishRun, type JobRun, startRun, takeJob } from './job-queries.ts'

type Job = {
  name: string
  everySeconds: number
  /** A maintenance function of the schema, which pg_cron can call as well … */
  sqlFunction?: 'forget_successors' | 'end_expired' | 'refresh_views' | 'purge_expired' | 'archive_audit'
  /** … or work that needs a secret, and so always runs here. */
  work?: (deps: Deps) => Promise<unknown>
}

/** Everything that is due by the clock. */
export const jobs: readonly Job[] = [
  { name: 'forget-successors', everySeconds: 5, sqlFunction: 'forget_successors' },
  { name: 'seal-audit', everySeconds: 5, work: sealAudit },
  { name: 'end-expired', everySeconds: 60, sqlFunction: 'end_expired' },
  { name: 'refresh-views', everySeconds: 300, sqlFunction: 'refresh_views' },
  { name: 'purge-expired', everySeconds: 86_400, sqlFunction: 'purge_expired' },
  { name: 'archive-audit', everySeconds: 2_592_000, sqlFunction: 'archive_audit' },
]

/** How often a process looks what is due. */
const LookEveryMs = 1_000

/**
 * Runs what is due, each job in one instance at a time, however many there are: who gets a job is decided by a lock in
 * the database, and when it ran last is read there, so that a restart neither repeats nor forgets one.
 * @returns what stops it, after the job under way
 */
export function startJobs(deps: Deps): () => Promise<void> {
  const mine = jobs.filter((job) => deps.config.jobs === 'inline' || (deps.config.jobs === 'pg_cron' && job.work))
  const lookedAt = new Map<string, number>()
  let running: Promise<void> = Promise.resolve()
  let busy = false
  const timer = setInterval(() => {
    if (busy) return
    const due = mine.filter(
      (job) => Date.now() - (lookedAt.get(job.name) ?? 0) >= Math.min(job.everySeconds, 300) * 1000,
    )
    if (due.length === 0) return
    busy = true
    running = runAll(due).finally(() => {
      busy = false
    })
  }, LookEveryMs)
  timer.unref()

  async function runAll(due: Job[]): Promise<void> {
    for (const job of due) {
      lookedAt.set(job.name, Date.now())
      try {
        await runJob(deps, job, job.everySeconds)
      } catch (error) {
        deps.log.warn({ err: error, job: job.name }, 'job failed; it runs again at its time')
      }
    }
  }

  return async () => {
    clearInterval(timer)
    await running
  }
}

/** Runs one job now, by name. @throws Error naming the jobs when there is none of that name */
export async function runJobNow(deps: Deps, name: string): Promise<unknown> {
  const job = jobs.find((candidate) => candidate.name === name)
  if (!job) throw new Error(`There is no job "${name}". Jobs: ${jobs.map((candidate) => candidate.name).join(', ')}`)
  return runJob(deps, job, 0)
}

/** When each job ran last, how long it took and how it ended. */
export function readJobRuns({ sql }: Deps): Promise<JobRun[]> {
  return findJobRuns(sql)
}

/** Nothing happens when another instance is at it, or finished it less than `notWithinSeconds` ago. */
async function runJob(deps: Deps, job: Job, notWithinSeconds: number): Promise<unknown> {
  const startedAt = performance.now()
  try {
    const result = await deps.sql.begin(async (tx) => {
      if (!(await takeJob(tx, job.name, notWithinSeconds))) return undefined
      await startRun(tx, job.name)
      const result = await perform(deps, tx, job)
      await finishRun(tx, job.name, performance.now() - startedAt, 'succeeded', JSON.stringify(result ?? null))
      return result
    })
    return result
  } catch (error) {
    await finishRun(
      deps.sql,
      job.name,
      performance.now() - startedAt,
      'failed',
      error instanceof Error ? error.message : String(error),
    ).catch(() => {})
    throw error
  }
}

async function perform(deps: Deps, tx: Tx, job: Job): Promise<unknown> {
  if (job.work) return job.work(deps)
  const [row] = await tx<{ result: unknown }[]>`select ${tx(job.sqlFunction ?? '')}() as result`
  return row?.result
}
