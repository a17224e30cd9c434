import { describe, expect, test } from 'bun:test'
import { readJobRuns, runJobNow, UnknownJobError } from '../../src/jobs/runner.ts'
import { jobsOf, startJobs } from '../../src/jobs/schedule.ts'
import { writeRows } from '../audit/trail.ts'
import { bodyOf, openTestApp, type TestApp } from '../support/app.ts'
import { hold, outsideOf, until } from './locks.ts'

const names = [
  'forget-successors',
  'forget-uses',
  'seal-audit',
  'verify-audit',
  'archive-audit',
  'end-expired',
  'reconcile-billing',
  'settle-teams',
  'end-surplus-seats',
  'erase-invited',
  'refresh-views',
  'purge-expired',
]

/** Those that need a secret. */
const ofTheProcess = ['seal-audit', 'verify-audit', 'end-surplus-seats', 'erase-invited']

/** Counts what is written to job_runs, which keeps only the last run of each. */
async function countRuns({ sql }: TestApp): Promise<() => Promise<Record<string, number>>> {
  await sql.unsafe(`
    create table run_log (name text, outcome text);
    create function log_run() returns trigger language plpgsql as $$ begin insert into public.run_log values (new.name, new.outcome); return null; end $$;
    create trigger log_run after insert or update on job_runs for each row execute function log_run()`)
  return async () => {
    const rows = await sql<
      { name: string; runs: number }[]
    >`select name, count(*)::int as runs from run_log group by name`
    return Object.fromEntries(rows.map(({ name, runs }) => [name, runs]))
  }
}

describe('of two instances', () => {
  test('one runs each job', async () => {
    const app = await openTestApp({ JOBS: 'inline' })
    const other = await openTestApp({ JOBS: 'inline', DATABASE_URL: app.databaseUrl })
    const runs = await countRuns(app)
    const stops = [startJobs(app.deps), startJobs(other.deps)]
    await until(async () => Object.keys(await runs()).length === names.length)
    await Promise.all(stops.map((stop) => stop()))
    expect(await runs()).toEqual(Object.fromEntries(names.map((name) => [name, 1])))
  })

  test.each(names.filter((name) => !ofTheProcess.includes(name)))(
    'one is let at %s, of forty who ask at once, and nobody for its time',
    async (name) => {
      const app = await openTestApp()
      const other = await openTestApp({ DATABASE_URL: app.databaseUrl })
      const ask = async ({ sql }: TestApp) =>
        (await sql<{ result: unknown }[]>`select run_job(${name}, 59) as result`)[0]?.result
      const results = await Promise.all(Array.from({ length: 40 }, (_, i) => ask(i % 2 ? app : other)))
      expect(results.filter((result) => result !== null)).toHaveLength(1)
      expect(await ask(app)).toBeNull()
      await app.sql`update job_runs set succeeded_at = succeeded_at - interval '1 minute'`
      expect(await ask(app)).not.toBeNull()
    },
  )

  test('one that finds the other at it leaves it alone', async () => {
    const app = await openTestApp()
    const letGo = await hold(outsideOf(app), `select pg_advisory_xact_lock(360360, hashtext('end-expired'))`)
    expect(await runJobNow(app.deps, 'end-expired')).toBeNull()
    await letGo()
    expect(await runJobNow(app.deps, 'end-expired')).toBe(0)
  })
})

test('a checkpoint goes to the log also where only warnings are written', async () => {
  const app = await openTestApp({ LOG_LEVEL: 'warn' })
  await writeRows(app, 3)
  await runJobNow(app.deps, 'seal-audit')
  expect(app.lines.map((line) => JSON.parse(line))).toMatchObject([
    { level: 'info', msg: 'audit checkpoint', checkpoint: { id: 1, rowCount: 3 } },
  ])
})

describe('/health shows', () => {
  test('the last run of each job, how long it took and how it ended', async () => {
    const app = await openTestApp()
    for (const name of names) await runJobNow(app.deps, name)
    const { jobs: told } = await bodyOf<{ jobs: Record<string, unknown>[] }>(await app.request('/health'))
    expect(told.map(({ name }) => name)).toEqual([...names].sort())
    for (const job of told)
      expect(job).toMatchObject({
        outcome: 'succeeded',
        milliseconds: expect.any(Number),
        finishedAt: expect.any(String),
        startedAt: expect.any(String),
      })
  })

  test('a failure with its reason, and when it succeeded before', async () => {
    const app = await openTestApp()
    await runJobNow(app.deps, 'refresh-views')
    const [before] = await readJobRuns(app.deps)
    await app.sql`alter materialized view activity_by_day rename to mislaid`
    await expect(runJobNow(app.deps, 'refresh-views')).rejects.toThrow('activity_by_day')
    const [after] = await readJobRuns(app.deps)
    expect(after).toMatchObject({
      outcome: 'failed',
      detail: expect.stringContaining('activity_by_day'),
      succeededAt: before?.succeededAt,
    })
    await app.sql`alter materialized view mislaid rename to activity_by_day`
    // A failure is no reason to wait.
    expect(await app.sql`select run_job('refresh-views', 299) is not null as ran`).toMatchObject([{ ran: false }])
    await app.sql`update job_runs set succeeded_at = succeeded_at - interval '5 minutes'`
    expect(await app.sql`select run_job('refresh-views', 299) is not null as ran`).toMatchObject([{ ran: true }])
    expect(await readJobRuns(app.deps)).toMatchObject([{ outcome: 'succeeded' }])
  })
})

describe('JOBS_RUNNER', () => {
  test('inline: the process runs all; pg_cron: it runs only those that need a secret; off: it runs none', async () => {
    const { jobs } = (await openTestApp()).deps
    expect(jobsOf(jobs, 'inline').map(({ name }) => name)).toEqual(names)
    expect(jobsOf(jobs, 'pg_cron').map(({ name }) => name)).toEqual(ofTheProcess)
    expect(jobsOf(jobs, 'off')).toEqual([])
  })

  test('with pg_cron a process does what needs a secret, and the database does the rest by the functions of the schema', async () => {
    const app = await openTestApp({ JOBS: 'pg_cron' })
    await writeRows(app, 2)
    const stop = startJobs(app.deps)
    await until(async () => (await readJobRuns(app.deps)).length >= ofTheProcess.length)
    await stop()
    expect(await readJobRuns(app.deps)).toMatchObject(
      ofTheProcess.toSorted().map((name) => ({ name, outcome: 'succeeded' })),
    )
    for (const name of names.filter((each) => !ofTheProcess.includes(each))) await app.sql`select run_job(${name})`
    expect((await readJobRuns(app.deps)).map(({ name }) => name)).toEqual([...names].sort())
  })

  test('a job of an unknown name is refused, with the names there are, by the program and by the database', async () => {
    const app = await openTestApp()
    for (const name of ['no-such-job', '', 'seal_audit', 'constructor']) {
      await expect(runJobNow(app.deps, name)).rejects.toThrow(UnknownJobError)
      await expect(app.sql`select run_job(${name})`.then()).rejects.toThrow('there is no job')
    }
    await expect(runJobNow(app.deps, 'no-such-job')).rejects.toThrow(names.join(', '))
    expect(await readJobRuns(app.deps)).toEqual([])
  })
})

test('with a single connection in the pool, every job still runs', async () => {
  const app = await openTestApp({ DB_POOL_MAX: '1' })
  await writeRows(app, 1)
  for (const name of names) expect(await runJobNow(app.deps, name), name).not.toBeNull()
})
