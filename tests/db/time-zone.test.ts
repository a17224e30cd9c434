import { afterAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import postgres from 'postgres'
import { diagnose } from '../../src/cli/doctor.ts'
import { loadConfig } from '../../src/room-config.ts'
import { givenAccount, logIn, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, patience, type TestApp, testSecrets } from '../support/app.ts'
import { createDatabase } from '../support/cluster.ts'
import { openForgetfulPooler } from '../support/forgetful-pooler.ts'
import { openPgBouncer, skipped } from '../support/pgbouncer.ts'

/** In Cairo no day begins at midnight on 24 April 2026, and clocks go back in October. */
const zone = 'Africa/Cairo'

async function openCairo(): Promise<string> {
  const database = await createDatabase()
  afterAll(database.drop)
  const direct = postgres(database.url, { max: 1 })
  const name = new URL(database.url).pathname.slice(1)
  await direct.unsafe(`alter database "${name}" set timezone = '${zone}'`)
  await direct.end()
  return database.url
}

/** In the last statements alone keep the days. */
const ways: [string, string, TestApp | null][] = [
  ['directly', 'UTC', await openTestApp({ DATABASE_URL: await openCairo() })],
  ['behind PgBouncer', 'UTC', skipped ? null : await openPooled(openPgBouncer)],
  ['behind a pooler that ignores what is asked for', zone, await openPooled(openForgetfulPooler)],
]

async function openPooled(open: (url: string) => string | Promise<string>): Promise<TestApp> {
  return openTestApp({ DATABASE_URL: await open(await openCairo()), AUTHZ_FEED: 'poll' })
}

describe.each(ways)('on a database of another time zone, %s', (_, expectedZone, opened) => {
  const off = opened === null

  test.skipIf(off)('the session counts in the zone that was meant to be tried', async () => {
    const { sql } = opened as TestApp
    const [zones] = await sql`select current_setting('TimeZone') as session`
    expect(zones?.session).toBe(expectedZone)
  })

  test.skipIf(off)('each day of a range is there once, over a change of clocks', async () => {
    const app = opened as TestApp
    const { accessToken: bearer } = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
    for (const page of ['signups', 'security']) {
      const answer = await app.request(`/v1/admin/analytics/${page}?from=2026-04-20&to=2026-04-30`, { bearer })
      const { days } = await bodyOf<{ days: { day: string }[] }>(answer)
      expect(days.map(({ day }) => day)).toEqual(Array.from({ length: 11 }, (_, i) => `2026-04-${20 + i}`))
    }
  })

  test.skipIf(off)('what happened on a day of UTC is counted on it', async () => {
    const app = opened as TestApp
    const person = await registered(app)
    for (const at of ['2026-04-23T00:00:00Z', '2026-04-23T23:59:59Z', '2026-04-24T00:00:00Z'])
      await app.sql`insert into login_attempts (id, at, account_id, outcome, ip_address) values (${crypto.randomUUID()}, ${at}, ${person.id}, 'failed', '192.0.2.1')`
    await app.sql`select refresh_views()`
    const { accessToken: bearer } = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
    const answer = await app.request('/v1/admin/analytics/security?from=2026-04-23&to=2026-04-23', { bearer })
    expect(await bodyOf(answer)).toMatchObject({
      days: [{ day: '2026-04-23', failures: 2 }],
      addresses: [{ ipAddress: '192.0.2.1', failures: 2 }],
    })
  })

  test.skipIf(off)('weeks begin on their Monday', async () => {
    const app = opened as TestApp
    const person = await logIn(app, await givenAccount(app, { plan: 'enterprise' }))
    for (const day of ['2026-04-20', '2026-04-26', '2026-04-27'])
      await app.sql`insert into usage_daily (account_id, day, route, requests) values (${person.user.id}, ${day}::text::date, 'GET /v1/me', 5)`
    const answer = await app.request('/v1/reports/usage?from=2026-04-20&to=2026-04-30&groupBy=week', {
      bearer: person.accessToken,
    })
    expect(JSON.stringify(await answer.json())).toContain(
      '[{"key":"2026-04-20","requests":10},{"key":"2026-04-27","requests":5}]',
    )
  })

  test.skipIf(off)('a trial has its days to the second, over changes of clocks', async () => {
    const app = opened as TestApp
    const { accessToken: bearer } = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
    const edit = { method: 'PATCH', bearer, json: { trialDays: 200 } }
    expect((await app.request('/v1/admin/plans/starter', edit)).status).toBe(200)
    const person = await registered(app)
    const answer = await app.request('/v1/subscription', {
      bearer: person.accessToken,
      json: { plan: 'starter', interval: 'month' },
    })
    expect(answer.status).toBe(200)
    const [{ seconds, until } = { seconds: 0, until: null }] = await app.sql<{ seconds: number; until: Date }[]>`
      select round(extract(epoch from current_period_end - started_at))::int as seconds, current_period_end as until
        from user_subscriptions where account_id = ${person.id} and ended_at is null`
    expect(seconds).toBe(200 * 86_400)
    expect((await bodyOf<{ currentPeriodEnd: string }>(answer)).currentPeriodEnd).toBe(until?.toISOString() ?? '')
  })

  test.skipIf(off)('a month of quota begins and ends in UTC', async () => {
    const app = opened as TestApp
    const person = await registered(app)
    const answer = await app.request('/v1/me/entitlements', { bearer: person.accessToken })
    const { usage } = await bodyOf<{ usage: { apiRequests: { resetsAt: string } } }>(answer)
    const now = new Date()
    expect(usage.apiRequests.resetsAt).toBe(
      new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1)).toISOString(),
    )
    const [{ month } = { month: '' }] = await app.sql<{ month: string }[]>`
      select to_char(month, 'YYYY-MM-DD') as month from quota_usage where account_id = ${person.id}
       union all select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-01')`
    expect(month).toEndWith('-01')
  })

  test.skipIf(off)('the doctor says what the sessions count in', async () => {
    const app = opened as TestApp
    const lines: string[] = []
    const environment = {
      ...testSecrets,
      ...patience,
      DATABASE_URL: app.config.databaseUrl,
      AUTHZ_FEED: app.config.authzFeed,
    }
    await diagnose(loadConfig(environment), (line) => lines.push(line))
    const line = lines.find((text) => text.includes('time zone:'))
    expect(line).toStartWith(expectedZone === 'UTC' ? '✓' : '!')
    expect(line).toContain(expectedZone)
  })
})

test('no statement adds days, or makes days of moments, in the zone of its session', async () => {
  const root = join(import.meta.dir, '../../src')
  const dependent = [
    /interval '\d+ (?:day|week|month|year)s?'|make_interval\((?:days|weeks|months|years)\b/,
    /\bcurrent_date\b|\blocaltime|::date\b|\bdate_trunc\(|\bgenerate_series\(|\bto_char\(/,
  ]
  // A day by name, a column of days, a series of numbers, or a moment that was put into UTC: none depends on the session.
  const independent =
    /at time zone 'UTC'|::timestamp\b|\$\{(?:from|to|first|last|day|range\.from|range\.to)\}::date\b|d::date\b|interval '1 day'\) d\b|\.slice\(0, 10\)\}::date\b|generate_series\(\d/
  const found: string[] = []
  for (const file of new Bun.Glob('**/*.ts').scanSync(root))
    for (const [i, line] of (await Bun.file(join(root, file)).text()).split('\n').entries())
      if (dependent.some((pattern) => pattern.test(line)) && !independent.test(line))
        found.push(`${file}:${i + 1} ${line.trim()}`)
  expect(found).toEqual([])
})
