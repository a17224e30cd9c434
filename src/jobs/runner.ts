import type { CheckpointLine } from '../audit/checkpoints.ts'
import { logCheckpoints, sealAudit } from '../audit/seal.ts'
import type { Config } from '../config/config.ts'
import { type Database, openDatabase } from '../db/database.ts'
import type { Sql, Tx } from '../db/types.ts'
import type { Deps } from '../deps.ts'
import { findJobRuns, finishJob, type JobRun, runInDatabase, takeJob } from './queries.ts'

type Job = {
  name: string
  everySeconds: number
  /** It may take minutes: it has a connection of its own, and the others do not wait for it. */
  slow?: true
  /** It does so much at once; after a full batch it goes on without a pause. */
  batch?: number
  /** Work that needs a secret; without it, a job is `run_job(name)` of the schema, which pg_cron can call as well. */
  work?: (tx: Tx, deps: Deps) => Promise<CheckpointLine[]>
}

/** Everything that is due by the clock. */
export const jobs: readonly Job[] = [
  { name: 'forget-successors', everySeconds: 5 },
  { name: 'seal-audit', everySeconds: 5, work: sealAudit },
  { name: 'end-expired', everySeconds: 60, batch: 1_000 },
  { name: 'refresh-views', everySeconds: 300, slow: true },
  { name: 'purge-expired', everySeconds: 86_400, slow: true },
  { name: 'archive-audit', everySeconds: 2_592_000, slow: true },
]

/** How often a process looks what is due, and how often at a job that is seldom due. */
const LookEveryMs = 1_000
const LookAtSeldomMs = 300_000
/** A statement of a slow job may take so long. */
const SlowStatementMs = 1_800_000

/** The jobs that a process does itself. */
export function jobsOf(mode: Config['jobs']): Job[] {
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
 * Runs what is due, each job in one instance at a time, however many there are: who gets a job is decided by a lock in
 * the database, and when it ran last is read there, so that a restart neither repeats nor forgets one.
 * @returns what stops it, after the jobs under way; one that takes longer than a second more is broken off
 */
export function startJobs(deps: Deps): () => Promise<void> {
  const { true: slowJobs = [], false: quickJobs = [] } = Object.groupBy(
    jobsOf(deps.config.jobs),
    (job) => `${job.slow ?? false}`,
  )
  const slow = openForSlowJobs(deps)
  const lanes = [createLane(deps, deps.sql, quickJobs), createLane(deps, slow.sql, slowJobs)]
  const timer = setInterval(() => {
    for (const lane of lanes) lane.look()
  }, LookEveryMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    const idle = lanes.map((lane) => lane.stop())
    await slow.close(1)
    await Promise.all(idle)
  }
}

/** Jobs that run one after the other. */
function createLane(deps: Deps, sql: Sql, own: Job[]) {
  const lookedAt = new Map<string, number>()
  let busy = false
  let stopped = false
  let running: Promise<void> = Promise.resolve()

  async function runAll(due: Job[]): Promise<void> {
    for (const job of due) {
      if (stopped) return
      lookedAt.set(job.name, performance.now())
      try {
        let result = await runJob(deps, sql, job, job.everySeconds - 1)
        while (result === job.batch && !stopped) result = await runJob(deps, sql, job, 0)
      } catch (error) {
        deps.log.warn({ err: error, job: job.name }, 'job failed; it runs again at its time')
      }
    }
  }

  return {
    look(): void {
      if (busy) return
      const now = performance.now()
      const due = own.filter(({ name, everySeconds }) => {
        const at = lookedAt.get(name)
        return at === undefined || now - at >= Math.min(everySeconds * 1000, LookAtSeldomMs)
      })
      if (due.length === 0) return
      busy = true
      running = runAll(due).finally(() => {
        busy = false
      })
    },
    /** Begins nothing more; resolves when what runs has ended. */
    stop(): Promise<void> {
      stopped = true
      return running
    },
  }
}

/** There is no job of that name. */
export class UnknownJobError extends Error {
  override readonly name = 'UnknownJobError'
}

/**
 * Runs one job now, by name. @returns what it did; null when another instance is at it
 * @throws UnknownJobError naming the jobs when there is none of that name
 */
export async function runJobNow(deps: Deps, name: string): Promise<unknown> {
  const job = jobs.find((candidate) => candidate.name === name)
  if (!job)
    throw new UnknownJobError(`There is no job "${name}". Jobs: ${jobs.map((candidate) => candidate.name).join(', ')}`)
  if (!job.slow) return runJob(deps, deps.sql, job, 0)
  const slow = openForSlowJobs(deps)
  try {
    return await runJob(deps, slow.sql, job, 0)
  } finally {
    await slow.close(5)
  }
}

/** When each job ran last, how long it took and how it ended. */
export function readJobRuns({ sql }: Pick<Deps, 'sql'>): Promise<JobRun[]> {
  return findJobRuns(sql)
}

/** Null when another instance is at it, or it succeeded less than `notWithinSeconds` ago. */
async function runJob(deps: Deps, sql: Sql, job: Job, notWithinSeconds: number): Promise<unknown> {
  const startedAt = performance.now()
  try {
    return await (job.work
      ? runHere(deps, sql, { ...job, work: job.work }, notWithinSeconds)
      : runInDatabase(sql, job.name, notWithinSeconds))
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error)
    await finishJob(deps.sql, job.name, performance.now() - startedAt, 'failed', told).catch(() => {})
    throw error
  }
}

async function runHere(
  deps: Deps,
  sql: Sql,
  { name, work }: Required<Pick<Job, 'name' | 'work'>>,
  notWithinSeconds: number,
): Promise<CheckpointLine[] | null> {
  const lines = await sql.begin(async (tx) => {
    const startedAt = performance.now()
    if (!(await takeJob(tx, name, notWithinSeconds))) return null
    const result = await work(tx, deps)
    await finishJob(tx, name, performance.now() - startedAt, 'succeeded', JSON.stringify(result))
    return result
  })
  if (lines) logCheckpoints(deps, lines)
  return lines
}

/** A connection of its own, opened when first used: under the pool's deadline no long statement would ever end. */
function openForSlowJobs({ config, log }: Deps): Database {
  const poolable = config.authzFeed === 'listen'
  return openDatabase({
    url: config.databaseUrl,
    max: 1,
    statementTimeoutMs: SlowStatementMs,
    slowQueryMs: SlowStatementMs,
    ssl: config.databaseSsl,
    applicationName: 'manas360-jobs',
    prepare: poolable,
    connectionParameters: poolable,
    onSlow: () => {},
    onWarn: (message, error) => log.warn({ err: error }, message),
  })
}
