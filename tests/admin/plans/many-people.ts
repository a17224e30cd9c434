import { expect } from 'bun:test'
import { loadAccounts } from '../../../scripts/load-accounts.ts'
import { createApp } from '../../../src/app.ts'
import { signedIn } from '../../support/administration.ts'
import { openTestApp, testSecrets } from '../../support/app.ts'
import { nodesOf, openExplained } from '../../support/plans.ts'
import { fillTheRest } from '../users/fill.ts'
import { inBulk } from './bulk.ts'
import { growing } from './plan-cases.ts'

/** Twice what the thousandth page needs, and eight times `mostRows`, so that reading everybody shows. */
export const count = 40_000
export const pageSize = 20
/** Of the rows of a table, how many one request may look at, however many there are: a rare filter has to look for its page. */
export const mostRows = 5_000

/** A service, how PostgreSQL runs its statements, and 40,000 accounts once it is filled. */
export async function openManyPeople() {
  const app = await openTestApp()
  const explained = await openExplained(app.databaseUrl)
  const observed = createApp({
    ...app.deps,
    sql: explained.sql,
    db: { ...app.deps.db, as: () => explained.sql },
  })
  const admin = await signedIn(app, { role: 'admin' })

  async function fill(): Promise<void> {
    await inBulk(app, async (sql) => {
      await loadAccounts(sql, testSecrets.AUDIT_KEY, count)
      await fillTheRest({ sql })
    })
    await app.sql`vacuum analyze`
    await app.sql`select recount_sums()`
    // The teams that wait for the next times: here a refresh has little to do, as in service.
    await app.sql`delete from team_changes`
    await app.sql`select refresh_views()`
    await app.sql`analyze revenue_by_plan_and_day, activity_by_day`
  }

  async function get(path: string, status = 200, { bearer } = admin): Promise<void> {
    const answer = await observed.request(path, { headers: { Authorization: `Bearer ${bearer}` } })
    expect(answer.status).toBe(status)
    await answer.text()
  }

  /** Seven times, for PostgreSQL keeps a plan for all values after five. */
  async function expectNoScan(work: () => Promise<unknown>, rows = mostRows, what = ''): Promise<void> {
    for (let i = 0; i < 7; i++) {
      const plans = await explained.during(work)
      expect(plans.length).toBeGreaterThan(0)
      const faults = plans.flatMap(({ Plan: plan, 'Query Text': text }) =>
        nodesOf(plan).flatMap((node) => {
          const on = node['Relation Name'] ?? ''
          const looked = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
          const isFault = growing.includes(on) && (node['Node Type'] === 'Seq Scan' || looked > rows)
          return isFault ? [{ node: node['Node Type'], on, looked, text, what }] : []
        }),
      )
      expect(faults).toEqual([])
    }
  }

  return { app, explained, observed, fill, get, expectNoScan }
}
