import type postgres from 'postgres'
import { verifyAudit } from '../../src/audit/verify.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { readStatements } from './measure.ts'
import type { Service } from './service.ts'

/** The cost of one run of a job; `result` is its own. */
export type JobCost = { name: string; seconds: number; blocks: number; walMegabytes: number; result: string }

const jobs = [
  'forget-successors',
  'seal-audit',
  'end-expired',
  'forget-uses',
  'refresh-views',
  'purge-expired',
  'archive-audit',
]

/** Runs each job once, after a day of use (for the archive a month); then, if asked, verifies the whole trail. */
export async function measureJobs({ deps }: Service, sql: postgres.Sql, verifies: boolean): Promise<JobCost[]> {
  await makeDue(sql)
  const costs: JobCost[] = []
  for (const name of jobs) costs.push(await time(sql, name, () => runJobNow(deps, name)))
  if (!verifies) return costs
  costs.push(
    await time(sql, 'audit verify', async () => {
      const verdict = await verifyAudit(deps, null)
      if (!verdict.ok) throw new Error(verdict.fault)
      return { rows: verdict.rows }
    }),
  )
  return costs
}

async function time(sql: postgres.Sql, name: string, work: () => Promise<unknown>): Promise<JobCost> {
  await sql`checkpoint`
  await sql`select pg_stat_statements_reset()`
  const [before] = await sql<{ lsn: string }[]>`select pg_current_wal_lsn()::text as lsn`
  const start = performance.now()
  const result = await work()
  const seconds = (performance.now() - start) / 1000
  const [row] = await sql<{ bytes: number }[]>`
    select pg_wal_lsn_diff(pg_current_wal_lsn(), ${before?.lsn ?? '0/0'}::pg_lsn)::float8 as bytes`
  const { blocks } = await readStatements(sql)
  return { name, seconds, blocks, walMegabytes: (row?.bytes ?? 0) / 2 ** 20, result: shorten(result) }
}

function shorten(result: unknown): string {
  const text = Array.isArray(result) ? `${result.length} checkpoints` : JSON.stringify(result)
  return text.length > 300 ? `${text.slice(0, 300)}…` : text
}

/** The work of a day between two runs of the jobs: half a percent of the plans end. */
async function makeDue(sql: postgres.Sql): Promise<void> {
  await sql`
    update user_subscriptions set current_period_end = clock_timestamp() - interval '1 minute'
     where ended_at is null and plan <> 'free' and id in (select id from user_subscriptions where ended_at is null and plan <> 'free' limit 250)`
}
