import { describe, expect, test } from 'bun:test'
import postgres from 'postgres'
import { given, openReports, some, usd } from './reports.ts'

describe('the overview', () => {
  test('counts a month at its price and a year at a twelfth; who tries or has cancelled is not paying', async () => {
    const { read } = await openReports(some)
    expect(await read('overview')).toMatchObject({
      accounts: 10,
      active: 10,
      locked: 0,
      paying: 5,
      trialing: 1,
      // Starter 999 + 832.50, professional 2999 + 2499.17, each rounded.
      mrr: usd(1832 + 5498),
    })
  })

  test('rounds a sum, not each of its parts: twelve yearly subscriptions are worth one year a month', async () => {
    const { read } = await openReports(
      Array.from({ length: 12 }, () => ({ plan: 'professional', interval: 'year' as const })),
    )
    expect(await read('overview')).toMatchObject({ mrr: usd(29_990), paying: 12 })
  })

  test('a sum that no number holds is told as the largest that one does, and stops no refresh', async () => {
    const largest = Number.MAX_SAFE_INTEGER
    const one = { plan: 'starter', interval: 'month' as const }
    const { read } = await openReports(
      [...Array.from({ length: 90 }, () => one), { ...one, plan: 'professional' }],
      ({ sql }) =>
        sql`update subscription_plans set price_monthly_minor = ${largest} where name in ('starter', 'professional')`,
    )
    expect(await read('overview')).toMatchObject({ mrr: usd(largest), paying: 91 })
    const { plans } = await read<{ plans: { plan: string; mrrMinor: number }[] }>('revenue')
    const told = plans.filter(({ plan }) => plan === 'starter' || plan === 'professional')
    expect(told.map(({ mrrMinor }) => mrrMinor)).toEqual([largest, largest])
  })

  test('tells locked from active, and forgets who was erased', async () => {
    const { read } = await openReports(
      Array.from({ length: 5 }, () => ({ plan: 'free' })),
      async ({ sql }, [a, b]) => {
        await sql`update user_accounts set status = 'locked' where id = ${a ?? ''}`
        await sql`delete from user_subscriptions where account_id = ${b ?? ''}`
        await sql`update user_accounts set status = 'deleted', deleted_at = now(), email = null, password_hash = null where id = ${b ?? ''}`
      },
    )
    expect(await read('overview')).toMatchObject({ accounts: 5, active: 4, locked: 1 })
    expect(await read('plans')).toMatchObject({ accounts: 5 })
  })

  test('adds up no money of different currencies', async () => {
    const { read } = await openReports(
      some.slice(0, 4),
      ({ sql }) => sql`update subscription_plans set currency = 'INR' where name = 'starter'`,
    )
    const mrr = [
      { currency: 'USD', mrrMinor: Math.round(29_990 / 12 + 2999) },
      { currency: 'INR', mrrMinor: Math.round(9990 / 12 + 999) },
    ]
    for (const report of ['overview', 'revenue']) {
      const told = await read<{ mrr: { currency: string }[] }>(report)
      expect(told.mrr.filter(({ currency }) => currency === 'INR')).toEqual([mrr[1]] as never)
      expect(told.mrr.filter(({ currency }) => currency === 'USD')).toEqual([mrr[0]] as never)
    }
  })
})

describe('revenue', () => {
  test('by plan: what began and ended in the range, and what recurs now', async () => {
    const { read } = await openReports(some)
    const march = await read<{ plans: Record<string, unknown>[]; mrr: unknown }>(
      'revenue?from=2026-03-01&to=2026-03-31',
    )
    const of = (plan: string) => march.plans.find((row) => row.plan === plan)
    expect(of('starter')).toEqual({
      plan: 'starter',
      currency: 'USD',
      started: 2,
      ended: 1,
      mrrMinor: Math.round(999 + 9990 / 12),
    })
    expect(of('professional')).toMatchObject({ started: 3, ended: 0, mrrMinor: Math.round(29_990 / 12 + 2999) })
    expect(of('business')).toMatchObject({ started: 1, mrrMinor: 0 })
    expect(of('enterprise')).toMatchObject({ started: 1, mrrMinor: 0 })
    const february = await read<typeof march>('revenue?from=2026-02-01&to=2026-02-28')
    expect(february.plans.find(({ plan }) => plan === 'starter')).toMatchObject({ started: 1, ended: 0 })
    // What recurs, recurs whatever range was asked for.
    expect(february.mrr).toEqual(march.mrr)
  })
})

describe('the plans', () => {
  test('are shown with how many are on each, how many try it, and how many pay for one', async () => {
    const { read } = await openReports(some)
    expect(await read<object>('plans')).toEqual({
      asOf: expect.any(String),
      accounts: 9,
      conversion: 5 / 9,
      plans: [
        { plan: 'professional', accounts: 3, trialing: 1, share: 3 / 9, members: 0 },
        { plan: 'free', accounts: 2, trialing: 0, share: 2 / 9, members: 0 },
        { plan: 'starter', accounts: 2, trialing: 0, share: 2 / 9, members: 0 },
        { plan: 'business', accounts: 1, trialing: 0, share: 1 / 9, members: 0 },
        { plan: 'enterprise', accounts: 1, trialing: 0, share: 1 / 9, members: 0 },
      ],
    } as never)
  })
})

describe('asOf', () => {
  test('is when the views were refreshed last, by whom ever, and null before; what came later is not in it', async () => {
    const { app, read } = await openReports()
    const first = await read<{ asOf: string; accounts: number }>('overview')
    expect(Date.parse(first.asOf)).toBeLessThanOrEqual(Date.now())
    await given(app, [{ plan: 'free' }])
    for (const report of ['overview', 'plans', 'signups', 'revenue', 'security', 'payments'])
      expect(await read(report)).toMatchObject({ asOf: first.asOf })
    expect(await read('overview')).toMatchObject({ accounts: first.accounts })
    await app.sql`select run_job('refresh-views')`
    const second = await read<typeof first>('overview')
    expect(second.accounts).toBe(first.accounts + 1)
    expect(Date.parse(second.asOf)).toBeGreaterThan(Date.parse(first.asOf))
    await app.sql`delete from job_runs`
    expect(await read('overview')).toMatchObject({ asOf: null })
  })
})

test('no report reads a table of people: each comes from the daily figures, failing addresses from an index', async () => {
  const { app, read } = await openReports(some)
  const outside = postgres(app.databaseUrl, { max: 1 })
  const scans = async () => {
    await app.sql`select pg_stat_force_next_flush() from catalogue_version`.catch(() => {})
    return Object.fromEntries(
      (
        await outside`select relname, seq_scan::int from pg_stat_user_tables where relname in ('user_accounts', 'user_subscriptions', 'sessions', 'audit_logs', 'payments', 'trials', 'billing_subscriptions', 'teams', 'team_members', 'counted_teams')`
      ).map(({ relname, seq_scan }) => [relname, seq_scan]),
    )
  }
  const before = await scans()
  for (const report of ['overview', 'plans', 'signups', 'revenue', 'security', 'payments']) await read(report)
  expect(await scans()).toEqual(before)
  const [plan] = await app.sql.begin(async (tx) => {
    await tx`set local enable_seqscan = off`
    return tx`
      explain (format json) select ip_address, count(*) from login_attempts
       where outcome = 'failed' and ip_address is not null and at >= '2026-01-01' and at < '2026-02-01' group by 1`
  })
  expect(JSON.stringify(plan)).toContain('login_attempts_failed')
  await outside.end()
})
