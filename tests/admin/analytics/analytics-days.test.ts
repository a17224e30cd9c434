import { describe, expect, test } from 'bun:test'
import { givenAccount, logIn } from '../../support/accounts.ts'
import { expectProblem } from '../../support/problems.ts'
import { openReports } from './reports.ts'

describe('by day', () => {
  test('sign-ups and log-ins fall on the day of UTC on which they were; days without any are there', async () => {
    const { read } = await openReports(
      [
        { plan: 'free', startedOn: '2026-03-10' },
        { plan: 'free', startedOn: '2026-03-12' },
      ],
      async ({ sql }, [id]) => {
        for (const at of ['2026-03-11T23:59:59.999Z', '2026-03-12T00:00:00Z', '2026-03-12T05:29:00+05:30'])
          await sql`insert into login_attempts (id, at, account_id, outcome) values (${Bun.randomUUIDv7()}, ${at}, ${id ?? ''}, 'succeeded')`
      },
    )
    expect(await read('signups?from=2026-03-10&to=2026-03-13')).toMatchObject({
      days: [
        { day: '2026-03-10', signUps: 1, logIns: 0 },
        { day: '2026-03-11', signUps: 0, logIns: 2 },
        { day: '2026-03-12', signUps: 1, logIns: 1 },
        { day: '2026-03-13', signUps: 0, logIns: 0 },
      ],
    })
  })

  test('failures, lockouts and reuse, and the addresses that failed most', async () => {
    const today = new Date().toISOString().slice(0, 10)
    const { read } = await openReports([], async (app) => {
      const person = await givenAccount(app)
      for (let i = 0; i < 5; i++)
        await app.request('/v1/auth/login', {
          json: { email: person.email, password: 'wrong' },
          ip: i < 4 ? '192.0.2.1' : '192.0.2.2',
        })
      const other = await logIn(app, await givenAccount(app))
      for (let i = 0; i < 2; i++) await app.request('/v1/auth/refresh', { json: { refreshToken: other.refreshToken } })
      await app.sql`update tokens set replaced_at = replaced_at - interval '11 seconds'`
      await app.request('/v1/auth/refresh', { json: { refreshToken: other.refreshToken } })
      await app.sql`
        insert into login_attempts (id, at, outcome, ip_address) values (gen_random_uuid(), '2026-03-12T00:00:00Z', 'failed', '198.51.100.1'),
          (gen_random_uuid(), '2026-03-13T00:00:00Z', 'failed', '198.51.100.2'), (gen_random_uuid(), '2026-03-11T23:59:59Z', 'failed', '198.51.100.3'),
          (gen_random_uuid(), '2026-03-12T12:00:00Z', 'succeeded', '198.51.100.4')`
    })
    expect(await read(`security?from=${today}&to=${today}`)).toMatchObject({
      days: [{ day: today, failures: 5, lockouts: 1, reuse: 1 }],
      addresses: [
        { ipAddress: '192.0.2.1', failures: 4 },
        { ipAddress: '192.0.2.2', failures: 1 },
      ],
    })
    expect(await read('security?from=2026-03-12&to=2026-03-12')).toMatchObject({
      days: [{ day: '2026-03-12', failures: 1 }],
      addresses: [{ ipAddress: '198.51.100.1', failures: 1 }],
    })
  })
})

describe('ranges', () => {
  const reports = ['signups', 'revenue', 'security', 'payments']

  test('are the last 30 days unless said otherwise, and a year and a day at most', async () => {
    const { app, read, bearer } = await openReports()
    const today = new Date(app.deps.now()).toISOString().slice(0, 10)
    for (const report of reports) {
      expect(await read(report)).toMatchObject({ to: today })
      expect(await read(`${report}?from=2026-01-01&to=2027-01-01`)).toMatchObject({
        from: '2026-01-01',
        to: '2027-01-01',
      })
      for (const query of [
        'from=2026-01-01&to=2027-01-02',
        'from=2026-01-02&to=2026-01-01',
        'from=2000-01-01',
        'from=2026-02-30',
        'to=1999-12-31',
        'days=3',
        'from=2026-01-01T00:00:00Z',
      ])
        await expectProblem(
          await app.request(`/v1/admin/analytics/${report}?${query}`, { bearer }),
          'validation-failed',
        )
    }
    expect((await read<{ days: unknown[] }>('signups')).days).toHaveLength(30)
    expect((await read<{ days: unknown[] }>('signups?from=2026-01-01&to=2027-01-01')).days).toHaveLength(366)
    for (const report of ['overview', 'plans'])
      await expectProblem(
        await app.request(`/v1/admin/analytics/${report}?from=2026-01-01`, { bearer }),
        'validation-failed',
      )
  })
})
