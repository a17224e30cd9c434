import { type Database, openDatabase } from '../db/database.ts'
import type { Job, JobOutcome } from '../db/job.ts'
import type { Db, Sql, Tx } from '../db/types.ts'
import { inTrace } from '../tracing/tracer.ts'
import type { JobDeps } from './deps.ts'
import { claimJob, findJobRuns, findRunningJobs, finishJob, type JobRun, runInDatabase } from './queries.ts'

/** The longest statement of a slow job, in milliseconds. */
const slowStatementMs = 1_800_000

type Work = NonNullable<Job['work']>

/** No job has that name. */
export class UnknownJobError extends Error {
  override readonly name = 'UnknownJobError'
}

/**
 * Runs one job now, by name. @returns its result; null when another instance is running it
 * @throws UnknownJobError naming the jobs when none has that name
 */
export async function runJobNow(deps: JobDeps, name: string): Promise<unknown> {
  const job = deps.jobs.find((candidate) => candidate.name === name)
  if (!job)
    throw new UnknownJobError(
      `There is no job "${name}". Jobs: ${deps.jobs.map((candidate) => candidate.name).join(', ')}`,
    )
  if (!job.slow) return runJob(deps, deps.sql, job, 0)
  const slow = openForSlowJobs(deps)
  try {
    return await runJob(deps, slow.sql, job, 0)
  } finally {
    await slow.close(5)
  }
}

/** The last run of each job: its time, duration and outcome. */
export function readJobRuns({ sql }: { sql: Db }): Promise<JobRun[]> {
  return findJobRuns(sql)
}

/** The jobs of these names that are running now, in any instance or in the database itself. */
export function readRunningJobs(sql: Db, names: string[]): Promise<string[]> {
  return findRunningJobs(sql, names)
}

/** Runs a job. Null when another instance is running it, or it succeeded less than `notWithinSeconds` ago. */
export async function runJob(deps: JobDeps, sql: Sql, job: Job, notWithinSeconds: number): Promise<unknown> {
  const startedAt = performance.now()
  try {
    return await inJobTrace(job, async () =>
      job.work ? runHere(sql, job.name, job.work, notWithinSeconds) : runInDatabase(sql, job.name, notWithinSeconds),
    )
  } catch (error) {
    await recordFailure(deps, job, startedAt, error)
    throw error
  }
}

/** Records a failed run. `startedAt`: by performance.now(). Never throws. */
export async function recordFailure({ sql }: { sql: Db }, { name }: Job, startedAt: number, error: unknown) {
  const message = error instanceof Error ? error.message : String(error)
  await finishJob(sql, name, performance.now() - startedAt, 'failed', message).catch(() => {})
}

/** Runs `work` in a trace of its own, named after the job. */
export function inJobTrace<T>({ name }: Job, work: () => Promise<T>): Promise<T> {
  return inTrace(`job ${name}`, { 'manas360.job': name }, work)
}

async function runHere(sql: Sql, name: string, work: Work, notWithinSeconds: number): Promise<unknown> {
  const outcome = await sql.begin((tx) => runInTransaction(tx, name, work, notWithinSeconds))
  outcome?.committed?.()
  return outcome ? outcome.result : null
}

/** The work and its record in one transaction; null when the job is not due. Call `committed` after the commit. */
export async function runInTransaction(
  tx: Tx,
  name: string,
  work: Work,
  notWithinSeconds: number,
): Promise<JobOutcome | null> {
  const startedAt = performance.now()
  if (!(await claimJob(tx, name, notWithinSeconds))) return null
  const done = await work(tx)
  await finishJob(tx, name, performance.now() - startedAt, 'succeeded', JSON.stringify(done.result))
  return done
}

/** A connection of its own, opened when first used: under the pool's deadline a long statement would never end. */
export function openForSlowJobs({ config, log }: Pick<JobDeps, 'config' | 'log'>): Database {
  const poolable = config.authzFeed === 'listen'
  return openDatabase({
    url: config.databaseUrl,
    max: 1,
    acquireTimeoutMs: config.acquireTimeoutMs,
    statementTimeoutMs: slowStatementMs,
    slowQueryMs: slowStatementMs,
    ssl: config.databaseSsl,
    applicationName: 'manas360-jobs',
    prepare: poolable,
    connectionParameters: poolable,
    onSlow: () => {},
    onWarn: (message, error) => log.warn({ err: error }, message),
  })
}
