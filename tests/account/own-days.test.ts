import { describe, expect, test } from 'bun:test'
import { givenAccount, logIn } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'

const app = await openTestApp()
const { request, sql, deps, clock } = app

type Insights = { from: string; to: string; days: { day: string; requests: number; signIns: number }[] }
type Dashboard = { usage: { requestsToday: number; requestsThisMonth: number } }
type Report = { from: string; to: string; total: number; rows: { key: string; requests: number }[] }

async function somebodyIn(timezone: string) {
  const account = await givenAccount(app, { plan: 'professional' })
  await sql`update user_accounts set timezone = ${timezone} where id = ${account.id}`
  return account
}

/** Moves the clock that tokens, counters and reports go by. */
function setClock(moment: string): void {
  clock.offsetMs = Date.parse(moment) - Date.now()
}

async function ask<T>(bearer: string, path: string): Promise<T> {
  const answer = await request(path, { bearer })
  expect(answer.status).toBe(200)
  return bodyOf<T>(answer)
}

const routes = { entitlement: '/v1/entitlements/premium_dashboard' }

/** Requests at moments, and what is then told at the last of them. */
async function used(account: { id: string; email: string; password: string }, moments: string[]) {
  let bearer = ''
  // What an earlier test asked belongs to its own moment.
  await deps.usage.flush()
  for (const moment of moments) {
    setClock(moment)
    bearer = (await logIn(app, account)).accessToken
    await request(routes.entitlement, { bearer })
    await deps.usage.flush()
  }
  const insights = await ask<Insights>(bearer, '/v1/dashboard/insights')
  const dashboard = await ask<Dashboard>(bearer, '/v1/dashboard')
  const report = await ask<Report>(bearer, '/v1/reports/usage?groupBy=day')
  return { insights, dashboard, report }
}

const soon = new Date(Date.now() + 40 * 86_400_000).toISOString().slice(0, 8)
const at = (dayAndTime: string) => `${soon}${dayAndTime}Z`

describe('days are those of the person', () => {
  test('east of Greenwich a new one has begun', async () => {
    const account = await somebodyIn('Asia/Kolkata')
    const { insights, dashboard, report } = await used(account, [at('10T18:29:00'), at('10T18:31:00')])
    expect([insights.to, report.to]).toEqual([`${soon}11`, `${soon}11`])
    const days = insights.days.slice(-2).map(({ day, requests }) => [day, requests])
    expect(days).toEqual([
      [`${soon}10`, 1],
      [`${soon}11`, 1],
    ])
    expect(report.rows.map(({ key }) => key)).toEqual([`${soon}10`, `${soon}11`])
    expect(dashboard.usage).toMatchObject({ requestsToday: 2, requestsThisMonth: 3 })
  })

  test('west of it the old one lasts', async () => {
    const account = await somebodyIn('America/Los_Angeles')
    const { insights, dashboard } = await used(account, [at('10T23:00:00'), at('11T01:00:00')])
    expect(insights.to).toBe(`${soon}10`)
    expect(insights.days.at(-1)).toMatchObject({ day: `${soon}10`, requests: 2 })
    expect(dashboard.usage.requestsToday).toBe(3)
  })

  test('a month is theirs too', async () => {
    const account = await somebodyIn('Pacific/Kiritimati')
    const { dashboard } = await used(account, [at('01T09:30:00').replace(/-01T/, '-05T'), at('28T09:00:00')])
    expect(dashboard.usage.requestsThisMonth).toBeGreaterThan(1)
    const { dashboard: next } = await used(account, [
      new Date(Date.parse(`${soon}01T00:00:00Z`) + 31 * 86_400_000).toISOString().replace(/-\d\dT.*/, '-01T00:30:00Z'),
    ])
    expect(next.usage.requestsThisMonth).toBe(2)
  })

  test('UTC, unless somebody chose another', async () => {
    const account = await givenAccount(app, { plan: 'professional' })
    const { insights } = await used(account, [at('10T23:59:00'), at('11T00:01:00')])
    expect(insights.days.slice(-2).map(({ day, requests }) => [day, requests])).toEqual([
      [`${soon}10`, 1],
      [`${soon}11`, 1],
    ])
  })

  test('a zone that the database does not know counts as UTC, and is no fault', async () => {
    const account = await somebodyIn('Mars/Olympus')
    const { insights } = await used(account, [at('10T12:00:00')])
    expect(insights.to).toBe(`${soon}10`)
  })
})

test('sign-ins are told by the same days, through daylight saving', async () => {
  const { id, ...account } = await somebodyIn('Europe/Berlin')
  // Clocks went back on 25 October 2026 at 01:00 UTC: a day of 25 hours, from 22:00 to 23:00.
  const moments = ['2026-10-24T21:59:59Z', '2026-10-24T22:00:00Z', '2026-10-25T22:59:59Z', '2026-10-25T23:00:00Z']
  for (const moment of moments)
    await sql`
      insert into login_attempts (id, account_id, outcome, at) values (${Bun.randomUUIDv7()}, ${id}, 'failed', ${moment}::timestamptz)`
  setClock('2026-11-20T12:00:00Z')
  const { accessToken } = await logIn(app, account)
  const { days } = await ask<{ days: { day: string; failedSignIns: number }[] }>(accessToken, '/v1/dashboard/insights')
  expect(days).toHaveLength(30)
  expect(new Set(days.map(({ day }) => day)).size).toBe(30)
  expect(
    days.filter(({ failedSignIns }) => failedSignIns > 0).map(({ day, failedSignIns }) => [day, failedSignIns]),
  ).toEqual([
    ['2026-10-24', 1],
    ['2026-10-25', 2],
    ['2026-10-26', 1],
  ])
})

test('a day that begins after midnight, where clocks are put forward then, has its first hour', async () => {
  const [row] = await sql`
    select local_midnight('2026-04-24', 'Africa/Cairo') as begins, local_day('2026-04-23T22:00:00Z', 'Africa/Cairo')::text as first,
           local_day('2026-04-23T21:59:59Z', 'Africa/Cairo')::text as last`
  expect(row).toEqual({ begins: new Date('2026-04-23T22:00:00Z'), first: '2026-04-24', last: '2026-04-23' })
})
