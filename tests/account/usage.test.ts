import { describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, logIn } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql, deps } = app
type Board = { lastSignIns: { at: string; outcome: string; ipAddress: string }[] }
type Report = { from: string; to: string; groupBy: string; total: number; rows: { key: string; requests: number }[] }
const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)

async function somebody(plan = 'professional') {
  const account = await givenAccount(app, { plan })
  return { ...account, bearer: (await logIn(app, account)).accessToken }
}

async function report(bearer: string, query = ''): Promise<Report> {
  const answer = await request(`/v1/reports/usage${query}`, { bearer })
  expect(answer.status).toBe(200)
  return bodyOf<Report>(answer)
}

function given(accountId: string, rows: [string, string, number][]) {
  return Promise.all(
    rows.map(
      ([at, route, requests]) =>
        sql`insert into usage_daily (account_id, day, route, requests) values (${accountId}, ${at}, ${route}, ${requests})`,
    ),
  )
}

describe('the use of the API', () => {
  test('is counted by route, for who asked, where it was let in', async () => {
    const person = await somebody()
    const other = await somebody()
    for (let i = 0; i < 7; i++) await request('/v1/entitlements/api_access', { bearer: person.bearer })
    for (let i = 0; i < 3; i++) await request('/v1/entitlements/data_export', { bearer: person.bearer })
    await request('/v1/entitlements/white_label', { bearer: person.bearer })
    await request('/v1/admin/users', { bearer: person.bearer })
    await request('/v1/entitlements/api_access', { bearer: `${person.bearer}x` })
    await request('/v1/entitlements/api_access', { bearer: other.bearer })
    const { rows, total } = await report(person.bearer, '?groupBy=route')
    expect(rows).toEqual([{ key: '/v1/entitlements/:feature', requests: 10 }])
    expect(total).toBe(10)
  })

  test('of 500 requests at once loses none', async () => {
    const person = await somebody()
    await Promise.all(
      Array.from({ length: 500 }, () => request('/v1/entitlements/api_access', { bearer: person.bearer })),
    )
    expect((await report(person.bearer)).total).toBe(500)
  })

  test('is kept while it cannot be written, and when the process ends', async () => {
    const leaving = await openTestApp({ DATABASE_URL: app.databaseUrl })
    const person = await somebody()
    await sql`alter table usage_daily rename to hidden`
    for (let i = 0; i < 4; i++) await leaving.request('/v1/me/entitlements', { bearer: person.bearer })
    await leaving.deps.usage.flush()
    await sql`alter table hidden rename to usage_daily`
    await leaving.request('/v1/me/entitlements', { bearer: person.bearer })
    await leaving.deps.close(2)
    expect((await report(person.bearer)).total).toBe(5)
  })
})

describe('a report', () => {
  test('covers the days that it is asked for, both included, by day, by week and by route', async () => {
    const person = await somebody()
    await given(person.id, [
      ['2026-02-27', '/a', 1],
      ['2026-02-28', '/a', 2],
      ['2026-03-01', '/a', 4],
      ['2026-03-01', '/b', 8],
      ['2026-03-02', '/b', 16],
      ['2026-03-03', '/b', 32],
    ])
    const between = 'from=2026-02-28&to=2026-03-02'
    expect(await report(person.bearer, `?${between}`)).toEqual({
      from: '2026-02-28',
      to: '2026-03-02',
      groupBy: 'day',
      total: 30,
      rows: [
        { key: '2026-02-28', requests: 2 },
        { key: '2026-03-01', requests: 12 },
        { key: '2026-03-02', requests: 16 },
      ],
    })
    expect((await report(person.bearer, `?${between}&groupBy=week`)).rows).toEqual([
      { key: '2026-02-23', requests: 14 },
      { key: '2026-03-02', requests: 16 },
    ])
    expect((await report(person.bearer, `?${between}&groupBy=route`)).rows).toEqual([
      { key: '/a', requests: 6 },
      { key: '/b', requests: 24 },
    ])
  })

  test('is of the last 30 days unless it is said', async () => {
    const { from, to } = await report((await somebody()).bearer)
    expect([from, to]).toEqual([day(-29), day(0)])
  })

  test('refuses days that are none, a range the wrong way round, and more than a year', async () => {
    const { bearer } = await somebody()
    const queries = [
      'from=2026-02-30',
      'from=x',
      'from=2026-1-1',
      'to=1999-12-31',
      'to=2101-01-01',
      'from=2026-03-02&to=2026-03-01',
      'from=2025-01-01&to=2026-01-02',
      'groupBy=account',
      'groupBy=',
      "from=2026-01-01'--",
    ]
    for (const query of queries)
      await expectProblem(await request(`/v1/reports/usage?${query}`, { bearer }), 'validation-failed')
    await report(bearer, '?from=2025-01-01&to=2026-01-01')
  })
})

describe('the dashboard', () => {
  test('shows plan, use, live sessions and the last sign-ins, own ones only', async () => {
    const person = await somebody()
    await request('/v1/auth/login', { json: { email: person.email, password: 'not this one' } })
    for (let i = 0; i < 5; i++) await logIn(app, { email: person.email, password: goodPassword })
    await request('/v1/me/entitlements', { bearer: person.bearer })
    const board = await bodyOf<Board>(await request('/v1/dashboard', { bearer: person.bearer }))
    expect(board).toMatchObject({
      plan: { name: 'professional', displayName: 'Professional', tier: 50, endsAt: null },
      usage: { requestsToday: 1, requestsThisMonth: 1 },
      sessions: { live: 6 },
    })
    const signIns = board.lastSignIns
    expect(signIns.map(({ outcome }) => outcome)).toEqual(Array(5).fill('succeeded'))
    expect(signIns.map(({ at }) => at)).toEqual(
      signIns
        .map(({ at }) => at)
        .sort()
        .reverse(),
    )
  })

  test('insights name each of 30 days, and what happened on it', async () => {
    const person = await somebody()
    await given(person.id, [
      [day(-29), '/a', 3],
      [day(-30), '/a', 100],
      [day(0), '/a', 5],
      [day(0), '/b', 6],
    ])
    await request('/v1/auth/login', { json: { email: person.email, password: 'not this one' } })
    const { from, to, days } = await bodyOf<{ from: string; to: string; days: unknown[] }>(
      await request('/v1/dashboard/insights', { bearer: person.bearer }),
    )
    expect([from, to, days.length]).toEqual([day(-29), day(0), 30])
    expect(days[0]).toEqual({ day: day(-29), requests: 3, signIns: 0, failedSignIns: 0 })
    expect(days[15]).toEqual({ day: day(-14), requests: 0, signIns: 0, failedSignIns: 0 })
    expect(days[29]).toEqual({ day: day(0), requests: 11, signIns: 1, failedSignIns: 1 })
  })
})

test('the clock of the database says which day it is', async () => {
  const person = await somebody()
  app.clock.advance(86_400 * 2)
  const { accessToken } = await logIn(app, person)
  await request('/v1/me/entitlements', { bearer: accessToken })
  await deps.usage.flush()
  app.clock.advance(-86_400 * 2)
  expect(await sql`select day::text from usage_daily where account_id = ${person.id}`).toEqual<unknown>([
    { day: day(2) },
  ])
})
