import { describe, expect, test } from 'bun:test'
import { readJobRuns, runJobNow } from '../../src/jobs/runner.ts'
import { startJobs } from '../../src/jobs/schedule.ts'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { hold, outsideOf, until, waiter } from './locks.ts'

describe('a long job', () => {
  /** Stands in the way of the last view, when the first is done but not committed. */
  const blocked = 'lock table login_attempts in access exclusive mode'
  const views = ['revenue_by_plan_and_day', 'activity_by_day']

  test('refreshing the views blocks no reader of them', async () => {
    const app = await openTestApp()
    await givenAccount(app)
    const outside = outsideOf(app)
    const letGo = await hold(outside, blocked)
    const refresh = runJobNow(app.deps, 'refresh-views')
    await waiter(outside)
    await app.sql.begin(async (tx) => {
      await tx`set local lock_timeout = '1ms'`
      for (const view of views) expect(await tx.unsafe(`select * from ${view}`)).toHaveLength(0)
    })
    await letGo()
    expect(await refresh).toBeTrue()
    for (const view of views) expect(await app.sql.unsafe(`select * from ${view}`)).toHaveLength(1)
  })

  test('outlives the deadline of ordinary statements', async () => {
    const app = await openTestApp({ DB_STATEMENT_TIMEOUT_MS: '1000' })
    const outside = outsideOf(app)
    const letGo = await hold(outside, blocked)
    const refresh = runJobNow(app.deps, 'refresh-views')
    await waiter(outside)
    // Each of these ends at the deadline; together they outlast the one by which a frozen server is given up, too.
    for (let i = 0; i < 3; i++) await expect(app.sql`select pg_sleep(10)`.then()).rejects.toThrow()
    await letGo()
    expect(await refresh).toBeTrue()
  })

  test('keeps the short ones not waiting, and a stop breaks it off', async () => {
    const app = await openTestApp({ JOBS: 'inline' })
    const outside = outsideOf(app)
    const letGo = await hold(outside, blocked)
    const stop = startJobs(app.deps)
    await waiter(outside)
    const quick = ['end-expired', 'forget-successors']
    await until(async () => (await readJobRuns(app.deps)).filter(({ name }) => quick.includes(name)).length === 2)
    await stop()
    expect((await readJobRuns(app.deps)).find(({ name }) => name === 'refresh-views')).toMatchObject({
      outcome: 'failed',
    })
    await letGo()
  })
})
