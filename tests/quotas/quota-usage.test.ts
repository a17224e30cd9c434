import { describe, expect, test } from 'bun:test'
import { runJobNow } from '../../src/jobs/runner.ts'
import { createLeases } from '../../src/quotas/leases.ts'
import { readQuota } from '../../src/quotas/quotas.ts'
import { givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { readQuotaRows, spendAll } from '../support/quotas.ts'

const app = await openTestApp()
const { sql, deps } = app
/** A further instance, as far as quotas are concerned, that does nothing by itself. */
const openIdle = () => ({ leases: createLeases({ ...deps, tickMs: 1_000_000 }) })
const somebody = async () => (await givenAccount(app)).id
const rows = (id: string) => readQuotaRows(app, id)

describe('what is shown as used', () => {
  test('is what every instance has told, and what this one has not told yet', async () => {
    const { id } = await givenAccount(app)
    const [here, there] = [openIdle(), openIdle()]
    await spendAll(here, id, 1_000, 7)
    await spendAll(there, id, 1_000, 5)
    const used = async () =>
      (await readQuota({ ...deps, ...here }, { accountId: id, payerId: id, plan: 'free', overrides: {} })).used
    expect(await used()).toBeGreaterThanOrEqual(7)
    await there.leases.flush()
    expect(await used()).toBe(12)
    await here.leases.flush()
    expect(await used()).toBe(12)
    await Promise.all([here.leases.close(), there.leases.close()])
    expect(await used()).toBe(12)
  })

  test('counts once what is told to the database in that moment', async () => {
    const { id } = await givenAccount(app)
    const here = openIdle()
    for (let spent = 1; spent <= 40; spent++) {
      await spendAll(here, id, 1_000, 1)
      const asked = { accountId: id, payerId: id, plan: 'free', overrides: {} }
      const [{ used }] = await Promise.all([readQuota({ ...deps, ...here }, asked), here.leases.flush()])
      expect(used).toBe(spent)
    }
    await here.leases.close()
  })
})

describe('the daily clean-up', () => {
  test('ends leases that nobody asked about again, and forgets months after a year', async () => {
    const id = await somebody()
    await spendAll(openIdle(), id, 1_000, 6)
    const { drawn } = await rows(id)
    await sql`update quota_leases set expires_at = expires_at - interval '2 hours' where account_id = ${id}`
    await sql`insert into quota_usage (account_id, month, used) select ${id}, (date_trunc('month', now()) - make_interval(months => m))::date, m from generate_series(11, 14) m`
    await runJobNow(deps, 'purge-expired')
    expect(await rows(id)).toMatchObject({ used: drawn, leases: 0 })
    const kept = await sql<
      { used: number }[]
    >`select used::int from quota_usage where account_id = ${id} order by month`
    expect(kept.map(({ used }) => used)).toEqual([12, 11, drawn].slice(kept.length === 3 ? 0 : 1))
  })
})
