import { describe, expect, test } from 'bun:test'
import { readJobRuns, runJobNow } from '../../src/jobs/runner.ts'
import { hold, outsideOf, until } from '../jobs/locks.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const other = await openTestApp({ DATABASE_URL: app.databaseUrl })
const root = await signedIn(app, { role: 'superadmin' })
const outside = outsideOf(app)

type Job = { name: string; everySeconds: number; slow: boolean; running: boolean; lastRun: { outcome: string } | null }
type Jobs = { items: Job[]; nextCursor: string | null }

const list = async (query = '', of = app) =>
  bodyOf<Jobs>(await of.request(`/v1/admin/jobs?limit=100${query}`, { bearer: root.bearer }))
const jobOf = async (name: string) => (await list()).items.find((one) => one.name === name)
const run = (name: string, { of = app, ...options }: { of?: typeof app; headers?: Record<string, string> } = {}) =>
  of.request(`/v1/admin/jobs/${name}/run`, { method: 'POST', bearer: root.bearer, ...options })
async function begun(name: string): Promise<unknown> {
  const answer = await run(name)
  expect(answer.status).toBe(202)
  return (await bodyOf<{ status: string }>(answer)).status
}
const starts = (name: string) =>
  sql`select actor_id, entity_type, entity_id from audit_logs where action = 'job.run' and entity_id = ${name}`
const succeededAt = async (name: string) =>
  (await readJobRuns(app.deps)).find((one) => one.name === name)?.succeededAt?.getTime()

describe('the list of jobs', () => {
  test('has each with its interval and its last run, in pages', async () => {
    await runJobNow(app.deps, 'refresh-views')
    const { items, nextCursor } = await list()
    expect(nextCursor).toBeNull()
    expect(items.map(({ name }) => name)).toEqual(app.deps.jobs.map(({ name }) => name).sort())
    expect(items.find(({ name }) => name === 'refresh-views')).toMatchObject({
      everySeconds: 300,
      slow: true,
      running: false,
      lastRun: { outcome: 'succeeded', succeededAt: expect.any(String), milliseconds: expect.any(Number) },
    })
    const first = await bodyOf<Jobs>(await request('/v1/admin/jobs?limit=3', { bearer: root.bearer }))
    const second = await list(`&cursor=${first.nextCursor}`)
    expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(items.map(({ name }) => name))
  })

  test('says of every instance what runs', async () => {
    const letGo = await hold(outside, `select pg_advisory_xact_lock(360360, hashtext('archive-audit'))`)
    for (const of of [app, other])
      expect((await list('', of)).items.filter(({ running }) => running).map(({ name }) => name)).toEqual([
        'archive-audit',
      ])
    await letGo()
    expect((await jobOf('archive-audit'))?.running).toBe(false)
  })
})

describe('a job that is started by request', () => {
  test('runs although it ran a moment ago, goes on after the answer, and is audited', async () => {
    await runJobNow(app.deps, 'end-expired')
    const before = await succeededAt('end-expired')
    expect(await begun('end-expired')).toBe('started')
    expect([...(await starts('end-expired'))]).toEqual([
      { actorId: root.id, entityType: 'job', entityId: 'end-expired' },
    ])
    await until(async () => (await succeededAt('end-expired')) !== before)
  })

  test('with a secret of the process runs too', async () => {
    const before = await succeededAt('seal-audit')
    expect(await begun('seal-audit')).toBe('started')
    await until(async () => (await succeededAt('seal-audit')) !== before)
  })

  test('is begun once, of twenty who ask two instances at the same time', async () => {
    // Whoever wins waits for this lock with the job in its hands.
    const letGo = await hold(outside, 'lock table job_runs in share mode')
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, i) => run('settle-teams', { of: i % 2 ? app : other })),
    )
    const told = await Promise.all(answers.map((answer) => bodyOf<{ status: string }>(answer)))
    expect(told.filter(({ status }) => status === 'started')).toHaveLength(1)
    expect(told.filter(({ status }) => status === 'running')).toHaveLength(19)
    expect(await starts('settle-teams')).toHaveLength(1)
    expect((await jobOf('settle-teams'))?.running).toBe(true)
    await letGo()
    await until(async () => (await jobOf('settle-teams'))?.running === false)
  })

  test('is not started while it runs elsewhere, and nothing is audited', async () => {
    const letGo = await hold(outside, `select pg_advisory_xact_lock(360360, hashtext('purge-expired'))`)
    expect(await begun('purge-expired')).toBe('running')
    await letGo()
    expect(await starts('purge-expired')).toHaveLength(0)
    expect(await succeededAt('purge-expired')).toBeUndefined()
  })

  test('waits where two run that were asked for: each holds a connection', async () => {
    const letGo = await hold(outside, 'lock table job_runs in share mode')
    expect([await begun('forget-uses'), await begun('refresh-views')]).toEqual(['started', 'started'])
    const refused = await run('reconcile-billing')
    expect(refused.headers.get('Retry-After')).toMatch(/^[1-9]/)
    await expectProblem(refused, 'overloaded')
    await letGo()
    await until(async () => (await list()).items.every(({ running }) => !running))
    await until(async () => (await run('reconcile-billing')).status === 202)
  })

  test('that fails says so in the list', async () => {
    await sql`alter table activity_by_day rename to hidden_days`
    try {
      await until(async () => (await run('refresh-views')).status === 202)
      await until(async () => (await jobOf('refresh-views'))?.lastRun?.outcome === 'failed')
    } finally {
      await sql`alter table hidden_days rename to activity_by_day`
    }
  })

  test('under an Idempotency-Key is begun once', async () => {
    const headers = { 'Idempotency-Key': 'forget' }
    const before = (await starts('forget-successors')).length
    await until(async () => (await run('forget-successors', { headers })).status === 202)
    const again = await run('forget-successors', { headers })
    expect(again.headers.get('Idempotency-Replayed')).toBe('true')
    expect(await starts('forget-successors')).toHaveLength(before + 1)
  })

  test('is not started for a caller who lost the right meanwhile', async () => {
    const administrator = await signedIn(app, { role: 'superadmin' })
    await sql`update user_accounts set role = 'admin' where id = ${administrator.id}`
    const refused = await request('/v1/admin/jobs/archive-audit/run', { method: 'POST', bearer: administrator.bearer })
    await expectProblem(refused, 'permission-denied')
    expect(await starts('archive-audit')).toHaveLength(0)
    expect(await succeededAt('archive-audit')).toBeUndefined()
  })

  test.each(['no-such-job', 'END-EXPIRED', 'constructor', '__proto__', "x'--"])('is not found: %s', async (name) => {
    await expectProblem(await run(encodeURIComponent(name)), 'not-found')
  })
})

test('a server that stops breaks off what was asked for, and begins nothing more', async () => {
  const stopping = await openTestApp({ DATABASE_URL: app.databaseUrl })
  const letGo = await hold(outside, 'lock table audit_logs in share mode')
  try {
    expect(await stopping.deps.jobRunner.start('archive-audit', async () => {})).toBe('started')
    await stopping.deps.jobRunner.close(0)
    expect((await jobOf('archive-audit'))?.running).toBe(false)
    await expect(stopping.deps.jobRunner.start('end-expired', async () => {})).rejects.toMatchObject({
      code: 'service-unavailable',
    })
  } finally {
    await letGo()
  }
})
