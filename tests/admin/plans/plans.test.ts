import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { encodeCursor } from '../../../src/http/output/page.ts'
import { goodPassword, newEmail } from '../../support/accounts.ts'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, type SessionJson } from '../../support/app.ts'
import { blocksOf } from '../../support/plans.ts'
import { count, mostRows, openManyPeople, pageSize } from './many-people.ts'
import { filters, sorts, subscriptionFilters, teamFilters, trailFilters } from './plan-cases.ts'

const { app, explained, observed, fill, get, expectNoScan } = await openManyPeople()
afterAll(explained.close)
beforeAll(fill, 1_800_000)

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

  test('by a list of teams, whatever the filter', async () => {
    for (const filter of teamFilters) await expectNoScan(() => get(`/v1/admin/teams?${filter}`), pageSize + 1, filter)
  })

  test('by a search of the trail, whatever the filter', async () => {
    for (const filter of trailFilters) await expectNoScan(() => get(`/v1/admin/audit-logs?${filter}`))
  })

  for (const name of ['overview', 'signups', 'revenue', 'plans', 'security'])
    test(`by the analytics of ${name}`, () => expectNoScan(() => get(`/v1/admin/analytics/${name}`), 0))

  test('by bringing the figures of analytics up to date: it reads the sign-ins of the last days, and what came since', async () => {
    const [{ days, people }] = (await app.sql`
      select count(*) filter (where at >= current_date - 2)::int as days, (select count(*)::int from user_accounts) as people from login_attempts`) as unknown as [
      { days: number; people: number },
    ]
    // Three sign-ins each over 89 days: at the end of a day a tenth of as many as there are people.
    expect(days).toBeLessThan(people / 5)
    await expectNoScan(() => explained.sql`select refresh_views()`, days)
  })

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
    // More than one run of it ends; each of them runs its statements more often than PostgreSQL takes to keep a plan.
    await app.sql`
      update user_subscriptions set current_period_end = clock_timestamp()
       where id in (select id from user_subscriptions where plan = 'enterprise' and ended_at is null limit 260)`
    await expectNoScan(() => explained.sql`select end_expired()`, count / 50)
  })
})

describe('a search for people', () => {
  const pagesOf = async (q: string) => {
    const path = `/v1/admin/users?q=${encodeURIComponent(q)}`
    await get(path)
    const plans = await explained.during(() => get(path))
    const lists = plans.filter((plan) => plan['Query Text'].includes('as sort_key'))
    expect(lists).toHaveLength(1)
    return Math.max(...lists.map(blocksOf))
  }

  test('by a whole address takes the pages of its own index, however common its parts are', async () => {
    const [holder] = await app.sql<
      { email: string }[]
    >`select email from user_accounts where email like 'load-%-34321@%'`
    expect(await pagesOf(holder?.email ?? '')).toBeLessThan(20)
  })

  test('asks the index for words with digits alone, not for what most addresses share', async () => {
    // What waits to be put into the index is read with each search; here, what other tests wrote.
    await app.sql`select gin_clean_pending_list('user_accounts_search'::regclass)`
    for (const q of ['34321@example.test', '-34321', 'nobody-x98765@example.test'])
      expect([q, (await pagesOf(q)) < 150]).toEqual([q, true])
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

  for (const [what, table, paths] of [
    [
      'subscriptions',
      'user_subscriptions',
      ['subscriptions?', 'subscriptions?plan=free', 'subscriptions?status=active'],
    ],
    ['the trail', 'audit_logs', ['audit-logs?']],
    ['teams', 'teams', ['teams?', 'teams?surplus=true']],
  ] as const)
    test(`of ${what}`, async () => {
      const [row] = await app.sql<{ id: string }[]>`
        select id from ${app.sql(table)} order by id desc offset ${999 * pageSize} limit 1`
      for (const path of paths) expectLike(await costsOf(`/v1/admin/${path}`, encodeCursor([row?.id ?? ''])))
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
