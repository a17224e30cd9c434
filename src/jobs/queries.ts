import type { Db } from '../db/types.ts'

export type JobRun = {
  name: string
  startedAt: Date
  finishedAt: Date
  milliseconds: number
  outcome: 'succeeded' | 'failed'
  detail: string | null
  /** The last time that it did, whatever came after it. */
  succeededAt: Date | null
}

/** Runs a job of the schema; null when it is not its turn. */
export async function runInDatabase(sql: Db, name: string, notWithinSeconds: number): Promise<unknown> {
  const [row] = await sql<{ result: unknown }[]>`select run_job(${name}, ${notWithinSeconds}::int) as result`
  return row?.result ?? null
}

/** Whether the job is ours until the transaction ends: nobody else is at it, and it did not succeed so short a time ago. */
export async function claimJob(tx: Db, name: string, notWithinSeconds: number): Promise<boolean> {
  const [row] = await tx<{ mine: boolean }[]>`select take_job(${name}, ${notWithinSeconds}::int) as mine`
  return row?.mine ?? false
}

/** Records the outcome of a run of a job. @param detail at most 2,000 characters are kept */
export async function finishJob(
  sql: Db,
  name: string,
  milliseconds: number,
  outcome: 'succeeded' | 'failed',
  detail: string,
): Promise<void> {
  await sql`select finish_job(${name}, clock_timestamp() - make_interval(secs => ${milliseconds / 1000}), ${outcome}, ${detail})`
}

export async function findJobRuns(sql: Db): Promise<JobRun[]> {
  return sql<JobRun[]>`
    select name, started_at, finished_at, milliseconds, outcome, detail, succeeded_at from job_runs order by name`
}

/** Whose lock `take_job` holds. */
export async function findRunningJobs(sql: Db, names: string[]): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    select j.name from unnest(${names}::text[]) j (name)
     where exists (select from pg_locks l
                    where l.locktype = 'advisory' and l.granted and l.classid = 360360 and l.objid = hashtext(j.name)::oid and l.objsubid = 2
                      and l.database = (select oid from pg_database where datname = current_database()))`
  return rows.map(({ name }) => name)
}
