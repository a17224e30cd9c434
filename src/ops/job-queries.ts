import type { Db } from '../db.ts'

export type JobRun = {
  name: string
  startedAt: Date
  finishedAt: Date | null
  milliseconds: number | null
  outcome: 'running' | 'succeeded' | 'failed'
  detail: string | null
}

/** Whether the job is ours until the transaction ends: nobody else has it, and it was not finished within `seconds`. */
export async function takeJob(tx: Db, name: string, seconds: number): Promise<boolean> {
  const [row] = await tx<{ mine: boolean }[]>`select pg_try_advisory_xact_lock(360360, hashtext(${name})) as mine`
  if (!row?.mine) return false
  const recent = await tx`
    select 1 from job_runs where name = ${name} and outcome = 'succeeded' and finished_at > clock_timestamp() - make_interval(secs => ${Math.max(0, seconds - 1)})`
  return recent.length === 0 || seconds === 0
}

export async function startRun(tx: Db, name: string): Promise<void> {
  await tx`
    insert into job_runs (name, started_at, outcome) values (${name}, clock_timestamp(), 'running')
    on conflict (name) do update set started_at = clock_timestamp(), finished_at = null, outcome = 'running'`
}

export async function finishRun(
  sql: Db,
  name: string,
  milliseconds: number,
  outcome: 'succeeded' | 'failed',
  detail: string,
): Promise<void> {
  await sql`
    insert into job_runs (name, started_at, finished_at, milliseconds, outcome, detail)
    values (${name}, clock_timestamp(), clock_timestamp(), ${milliseconds}, ${outcome}, ${detail.slice(0, 2000)})
    on conflict (name) do update set finished_at = clock_timestamp(), milliseconds = excluded.milliseconds, outcome = excluded.outcome, detail = excluded.detail`
}

export async function findJobRuns(sql: Db): Promise<JobRun[]> {
  return sql<JobRun[]>`select name, started_at, finished_at, milliseconds, outcome, detail from job_runs order by name`
}
