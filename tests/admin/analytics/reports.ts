import { expect } from 'bun:test'
import { runJobNow } from '../../../src/jobs/runner.ts'
import { givenAccount, logIn } from '../../support/accounts.ts'
import { bodyOf, openTestApp, type TestApp } from '../../support/app.ts'

export type Subscription = {
  plan: string
  status?: string
  interval?: 'month' | 'year'
  startedOn?: string
  endedOn?: string
  trialEndsOn?: string
}

/** Accounts and subscriptions as given, each of an account of its own that signed up on `startedOn`. */
export async function given({ sql }: TestApp, subscriptions: Subscription[]): Promise<string[]> {
  const ids: string[] = []
  for (const {
    plan,
    status = 'active',
    interval = null,
    startedOn = '2026-03-10',
    endedOn = null,
    trialEndsOn = null,
  } of subscriptions) {
    const id = Bun.randomUUIDv7()
    await sql`insert into user_accounts (id, email, password_hash, created_at) values (${id}, ${`${id}@figures.test`}, '$argon2id$', ${`${startedOn}T12:00:00Z`})`
    await sql`
      insert into user_subscriptions (id, account_id, plan, status, billing_interval, started_at, current_period_end, ended_at)
      values (${Bun.randomUUIDv7()}, ${id}, ${plan}, ${status}, ${interval}, ${`${startedOn}T12:00:00Z`}, ${trialEndsOn ?? endedOn}, ${endedOn})`
    ids.push(id)
  }
  return ids
}

/** A service with these subscriptions, its views refreshed, and how its administrator asks for a report. */
export async function openReports(
  subscriptions: Subscription[] = [],
  prepare?: (app: TestApp, ids: string[]) => Promise<unknown>,
) {
  const app = await openTestApp()
  const ids = await given(app, subscriptions)
  await prepare?.(app, ids)
  const admin = await logIn(app, await givenAccount(app, { role: 'admin' }))
  await runJobNow(app.deps, 'refresh-views')
  async function read<T = Record<string, unknown>>(report: string): Promise<T> {
    const response = await app.request(`/v1/admin/analytics/${report}`, { bearer: admin.accessToken })
    expect(`${report} ${response.status}`).toBe(`${report} 200`)
    return bodyOf<T>(response)
  }
  return { app, read, bearer: admin.accessToken }
}

export const usd = (mrrMinor: number) => [{ currency: 'USD', mrrMinor }]
/** Prices of the seed: starter 999 a month, 9990 a year; professional 2999 and 29990. */
export const some: Subscription[] = [
  { plan: 'starter', interval: 'month' },
  { plan: 'starter', interval: 'year' },
  { plan: 'professional', interval: 'year' },
  { plan: 'professional', interval: 'month', status: 'past_due' },
  { plan: 'professional', interval: 'month', status: 'trialing', trialEndsOn: '2099-01-01' },
  { plan: 'business', interval: 'month', status: 'cancelled', trialEndsOn: '2099-01-01' },
  { plan: 'starter', interval: 'month', status: 'expired', startedOn: '2026-02-01', endedOn: '2026-03-01' },
  { plan: 'enterprise' },
  { plan: 'free' },
]
