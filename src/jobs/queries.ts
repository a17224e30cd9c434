import type { Db } from '../db/types.ts'

export type JobRun = {
  name: string
  startedAt: Date
  finishedAt: Date
  milliseconds: number
  outcome: 'succeeded' | 'failed'
  detail: string | null
  /** The end of its last success, also when a later run failed. */
  succeededAt: Date | null
}

/** Runs a job of the schema; null when it is not due or is running. */
export async function runInDatabase(sql: Db, name: string, notWithinSeconds: number): Promise<unknown> {
  const [row] = await sql<{ result: unknown }[]>`select run_job(${name}, ${notWithinSeconds}::int) as result`
  return row?.result ?? null
}

/**
 * Claims a job until the transaction ends. @returns false while it is running elsewhere, or where it succeeded within
 * `notWithinSeconds`
 */
export async function claimJob(tx: Db, name: string, notWithinSeconds: number): Promise<boolean> {
  const [row] = await tx<{ mine: boolean }[]>`select take_job(${name}, ${notWithinSeconds}::int) as mine`
  return row?.mine ?? false
}

/** Records the outcome of a run. @param detail cut to 2,000 characters */
export async function finishJob(
  sql: Db,
  name: string,
  milliseconds: number,
  outcome: 'succeeded' | 'failed',
  detail: string,
): Promise<void> {
  await sql`select finish_job(${name}, clock_timestamp() - make_interval(secs => ${milliseconds / 1000}), ${outcome}, ${detail})`
}

/** The last run of every job, by name. Locks nothing. */
export async function findJobRuns(sql: Db): Promise<JobRun[]> {
  return sql<JobRun[]>`
    select name, started_at, finished_at, milliseconds, outcome, detail, succeeded_at from job_runs order by name`
}

/** The jobs of these names whose lock (`take_job`) is held. */
export async function findRunningJobs(sql: Db, names: string[]): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select j.name from unnest(${names}::text[]) j (name)
     where exists (select from pg_locks l
                    where l.locktype = 'advisory' and l.granted and l.classid = 360360 and l.objid = hashtext(j.name)::oid and l.objsubid = 2
                      and l.database = (select oid from pg_database where datname = current_database()))`
  return rows.map(({ name }) => name)
}
