import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { loadAccounts } from '../../../scripts/load-accounts.ts'
import { createApp } from '../../../src/app.ts'
import { encodeCursor } from '../../../src/http/output/page.ts'
import { goodPassword, newEmail } from '../../support/accounts.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp, type SessionJson, testSecrets } from '../../support/app.ts'
import { blocksOf, nodesOf, openExplained } from '../../support/plans.ts'
import { fillTheRest } from '../users/fill.ts'
import { inBulk } from './bulk.ts'
import { filters, growing, sorts, subscriptionFilters, trailFilters } from './plan-cases.ts'

const count = 100_000
const pageSize = 20
/** Of the rows of a table, how many one request may look at, however many there are: a rare filter has to look for its page. */
const mostRows = 5_000

const app = await openTestApp({ DB_STATEMENT_TIMEOUT_MS: '120000' })
const explained = await openExplained(app.databaseUrl)
const observed = createApp({
  ...app.deps,
  sql: explained.sql,
  db: { ...app.deps.db, as: () => explained.sql },
})
const admin = await signedIn(app, { role: 'admin' })
afterAll(explained.close)

beforeAll(async () => {
  await inBulk(app, async (sql) => {
    await loadAccounts(sql, testSecrets.AUDIT_KEY, count)
    await fillTheRest({ sql })
  })
  await app.sql`vacuum analyze`
  await app.sql`select refresh_views()`
  await app.sql`analyze revenue_by_plan_and_day, activity_by_day`
}, 300_000)

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
    for (const { Plan: plan, 'Query Text': text } of plans)
      for (const node of nodesOf(plan)) {
        if (!growing.includes(node['Relation Name'] ?? '')) continue
        const looked = (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops']
        const told = { node: node['Node Type'], on: node['Relation Name'], text, what }
        expect({ ...told, scans: node['Node Type'] === 'Seq Scan' }).toEqual({ ...told, scans: false })
        expect({ ...told, looked: looked > rows && looked }).toEqual({ ...told, looked: false })
      }
  }
}

describe('no table that grows is scanned', () => {
  for (const sort of sorts)
    test(`by a list of people by ${sort}, whatever the filter`, async () => {
      for (const filter of filters)
        await expectNoScan(() => get(`/v1/admin/users?sort=${sort}&${filter}`), mostRows, filter)
    })

  test('by people of one role, plan or status in the order of joining: it reads the page and no more, however rare they are', async () => {
    for (const filter of [
      'role=user',
      'role=subscriber',
      'role=admin',
      'plan=free',
      'plan=starter',
      'plan=enterprise',
      'status=locked',
    ])
      for (const sort of ['createdAt', '-createdAt'])
        await expectNoScan(() => get(`/v1/admin/users?sort=${sort}&${filter}`), pageSize + 1, filter)
  })

  test('by a list of subscriptions, whatever the filter', async () => {
    for (const filter of subscriptionFilters)
      await expectNoScan(() => get(`/v1/admin/subscriptions?${filter}`), pageSize + 1)
  })

  test('by a search of the trail, whatever the filter', async () => {
    for (const filter of trailFilters) await expectNoScan(() => get(`/v1/admin/audit-logs?${filter}`))
  })

  for (const name of ['overview', 'signups', 'revenue', 'plans', 'security'])
    test(`by the analytics of ${name}`, () =>
      // The addresses that failed most are counted, from an index, among the failures of the days that are asked for.
      expectNoScan(() => get(`/v1/admin/analytics/${name}`), name === 'security' ? count / 8 : mostRows))

  test('by anything that people ask about themselves', async () => {
    const person = await signedIn(app, { plan: 'business', role: 'subscriber' })
    for (const path of [
      'me',
      'me/audit-logs',
      'me/export',
      'auth/sessions',
      'api-keys',
      'dashboard',
      'dashboard/insights',
      'subscription',
    ])
      await expectNoScan(() => get(`/v1/${path}`, 200, person), 100, path)
    for (const groupBy of ['day', 'route'])
      await expectNoScan(() => get(`/v1/reports/usage?groupBy=${groupBy}`, 200, person), 100, groupBy)
  })

  test('by registering, logging in and refreshing', async () => {
    const post = async (path: string, json: object) =>
      bodyOf<SessionJson>(
        await observed.request(path, {
          method: 'POST',
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(json),
        }),
      )
    await expectNoScan(async () => {
      const credentials = { email: newEmail(), password: goodPassword }
      expect((await post('/v1/auth/register', credentials)).refreshToken).toBeString()
      const { refreshToken } = await post('/v1/auth/login', credentials)
      expect((await post('/v1/auth/refresh', { refreshToken })).refreshToken).toBeString()
    }, 100)
  })

  test('by one person, and what is asked or done about one', async () => {
    const [person] = await app.sql<{ id: string }[]>`select id from user_accounts where role = 'subscriber' limit 1`
    const path = `/v1/admin/users/${person?.id}`
    await expectNoScan(() => get(path), 100)
    await expectNoScan(() => get(`${path}/explain?feature=sso_oauth`), 100)
    await expectNoScan(() => get('/v1/subscription'), 100)
  })

  test('by erasing a person', async () => {
    const root = await signedIn(app, { role: 'superadmin' })
    const people = await app.sql<{ id: string }[]>`select id from user_accounts where role = 'user' limit 7`
    await expectNoScan(async () => {
      const id = people.pop()?.id
      const answer = await observed.request(`/v1/admin/users/${id}`, {
        method: 'DELETE',
        headers: { Authorization: `Bearer ${root.bearer}` },
      })
      expect(answer.status).toBe(204)
    }, 200)
  })

  test('by the job that ends what has run out', async () => {
    await app.sql`update user_subscriptions set current_period_end = clock_timestamp() where plan = 'enterprise' and ended_at is null`
    await expectNoScan(() => explained.sql`select end_expired()`, count / 50)
  })
})

describe('the thousandth page costs what the first does', () => {
  const key = {
    createdAt: 'created_at',
    email: 'email',
    lastLoginAt: "coalesce(last_login_at, '1970-01-01 00:00:00+00')",
  }
  for (const sort of sorts)
    test(`of people by ${sort}`, async () => {
      const column = app.sql.unsafe(key[sort.replace('-', '') as keyof typeof key])
      const direction = app.sql.unsafe(sort.startsWith('-') ? 'desc' : 'asc')
      const [row] = await app.sql<{ key: Date | string; id: string }[]>`
        select ${column} as key, id from user_accounts where status <> 'deleted' order by ${column} ${direction}, id ${direction} offset ${999 * pageSize} limit 1`
      if (!row) throw new Error('there are a thousand pages')
      const cursor = encodeCursor([row.key instanceof Date ? row.key.toISOString() : row.key, row.id])
      const costs = await costsOf(`/v1/admin/users?sort=${sort}`, cursor)
      expectLike(costs)
    })

  test('of subscriptions', async () => {
    for (const filter of ['', 'plan=free', 'status=active']) {
      const [row] = await app.sql<
        { id: string }[]
      >`select id from user_subscriptions order by id desc offset ${999 * pageSize} limit 1`
      const costs = await costsOf(`/v1/admin/subscriptions?${filter}`, encodeCursor([row?.id ?? '']))
      expectLike(costs)
    }
  })

  test('of the trail', async () => {
    const [row] = await app.sql<
      { id: string }[]
    >`select id from audit_logs order by id desc offset ${999 * pageSize} limit 1`
    const costs = await costsOf('/v1/admin/audit-logs?', encodeCursor([row?.id ?? '']))
    expectLike(costs)
  })

  /** In blocks: a few more by where the rows happen to lie; reading what comes before them would take thousands. */
  function expectLike({ first, thousandth }: { first: number; thousandth: number }): void {
    expect(thousandth).toBeLessThan(first * 2 + 30)
  }

  async function costsOf(path: string, cursor: string): Promise<{ first: number; thousandth: number }> {
    const cost = async (query: string) => {
      await get(query)
      const plans = await explained.during(() => get(query))
      return Math.max(...plans.filter(({ 'Query Text': text }) => /^\s*select/.test(text)).map(blocksOf))
    }
    return {
      first: await cost(`${path}&limit=${pageSize}`),
      thousandth: await cost(`${path}&limit=${pageSize}&cursor=${cursor}`),
    }
  }
})
