import { describe, expect, test } from 'bun:test'
import type { Handler } from 'hono'
import { authenticate, authenticateOrKey } from '../../src/access/bearer-guard.ts'
import { requireFeature } from '../../src/access/feature-guards.ts'
import { createApp } from '../../src/app.ts'
import { noInput } from '../../src/http/input/validate.ts'
import { requireApiQuota, withQuotaGuard } from '../../src/quotas/guard.ts'
import { hold, outsideOf } from '../jobs/locks.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { openTestApp, type TestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import {
  askUntilRefused,
  createGrant,
  givenKeyHolder,
  nextMonth,
  readApiRequests,
  readQuotaRows,
} from '../support/quotas.ts'
import { until } from '../support/server-process.ts'

const app = await openTestApp()
const { sql } = app
const admin = await signedIn(app, { role: 'superadmin' })

const ask = (bearer: string, path = '/v1/entitlements/api_access', on: TestApp = app) => on.request(path, { bearer })

const grant = createGrant(app, admin.bearer)

describe('a request with an API key', () => {
  test('passes as often as the plan allows in a month, and is then refused with the plan that helps', async () => {
    const { key } = await givenKeyHolder(app)
    const { passed, refusal } = await askUntilRefused(app, key)
    expect(passed).toBe(100)
    const secondsLeft = (Date.parse(nextMonth()) - Date.now()) / 1000
    expect(Math.abs(Number(refusal.headers.get('retry-after')) - secondsLeft)).toBeLessThan(60)
    expect(await expectProblem(refusal, 'quota-exceeded')).toMatchObject({
      limit: 100,
      used: 100,
      resetsAt: nextMonth(),
      upgrade: { plan: 'starter', tier: 10, priceMonthlyMinor: 999, checkout: 'trial' },
    })
    for (const path of ['/v1/me', '/v1/dashboard', '/v1/me/entitlements', '/v1/entitlements/api_access'])
      await expectProblem(await ask(key, path), 'quota-exceeded')
    expect((await ask(key, '/v1/plans')).status).toBe(200)
  })

  test('is offered no plan where none allows more, or where the limit is the account’s own', async () => {
    const { id, key } = await givenKeyHolder(app, { plan: 'starter' })
    await grant(id, '/features/api_access', { granted: true, limit: 1 })
    await ask(key)
    expect(await expectProblem(await ask(key), 'quota-exceeded')).toMatchObject({ limit: 1, upgrade: null })
  })

  test('is offered a plan that allows more than was used already', async () => {
    const { id, key } = await givenKeyHolder(app)
    await sql`insert into quota_usage (account_id, month, used) values (${id}, date_trunc('month', now() at time zone 'UTC'), 10000)`
    expect(await expectProblem(await ask(key), 'quota-exceeded')).toMatchObject({
      used: 10_000,
      upgrade: { plan: 'professional' },
    })
  })

  test('costs nothing before it has passed the guards, where it is refused after all, or where it fails here', async () => {
    const { key, ...holder } = await givenKeyHolder(app, { plan: 'professional' })
    const free = [
      [403, '/v1/me/audit-logs'],
      [403, '/v1/entitlements/white_label'],
      [403, '/v1/admin/users'],
      [403, '/v1/api-keys'],
      [404, '/v1/nowhere'],
      [200, '/v1/plans'],
    ] as const
    for (const [status, path] of free) expect([path, (await ask(key, path)).status]).toEqual([path, status])
    await sql`alter table sessions rename to hidden_sessions`
    expect((await ask(key, '/v1/dashboard')).status).toBe(500)
    await sql`alter table hidden_sessions rename to sessions`
    const { accessToken } = await logIn(app, holder)
    expect((await readApiRequests(app, accessToken)).used).toBe(0)
  })

  test('costs nothing where its time was up before it had a unit, and is not carried out afterwards', async () => {
    const other = await openTestApp({ DATABASE_URL: app.databaseUrl })
    const { id, key } = await givenKeyHolder(app, { plan: 'professional' })
    expect((await ask(key, '/v1/entitlements/api_access', other)).status).toBe(200)
    const { drawn } = await readQuotaRows(app, id)
    other.clock.advance(31)
    const letGo = await hold(outsideOf(app), `select from quota_usage where account_id = '${id}' for update`)
    const hasty = createApp({ ...other.deps, config: { ...other.config, requestTimeoutMs: 300 } })
    const headers = { Authorization: `Bearer ${key}` }
    await expectProblem(await hasty.request('/v1/me/export', { headers }), 'deadline-exceeded')
    await letGo()
    await until(async () => (await readQuotaRows(app, id)).drawn > drawn, 5, 'a unit has come')
    await other.deps.close(2)
    expect(await readQuotaRows(app, id)).toMatchObject({ used: 1, leases: 0 })
  })

  test('costs one unit once it passed them, whatever the answer to its input is', async () => {
    const { key } = await givenKeyHolder(app, { plan: 'professional' })
    const asked = [
      [200, '/v1/entitlements/api_access'],
      [404, '/v1/entitlements/no_such_feature'],
      [422, '/v1/reports/usage?from=x'],
      [200, '/v1/me'],
    ] as const
    for (const [status, path] of asked) expect([path, (await ask(key, path)).status]).toEqual([path, status])
    // The one that asks is counted itself.
    expect(await readApiRequests(app, key)).toEqual({ used: 5, limit: 100_000, resetsAt: nextMonth() })
  })
})

test('a request with an access token costs nothing', async () => {
  const { id, ...holder } = await givenKeyHolder(app)
  const { accessToken } = await logIn(app, holder)
  for (let i = 0; i < 110; i++) expect((await ask(accessToken)).status).toBe(200)
  expect(await readApiRequests(app, accessToken)).toMatchObject({ used: 0, limit: 100 })
  expect(await readQuotaRows(app, id)).toMatchObject({ used: 0, leases: 0 })
})

describe('while requests pass', () => {
  /** Whose feed asks nothing meanwhile; what else an instance does on its own account it does every 5 s. */
  async function openQuiet() {
    const quiet = await openTestApp({ DATABASE_URL: app.databaseUrl })
    await quiet.deps.feed.stop()
    const ask = (bearer: string) => quiet.request('/v1/entitlements/api_access', { bearer })
    return { ...quiet, ask, stats: () => ({ ...quiet.deps.leases.stats(), ...quiet.deps.db.stats() }) }
  }

  test('not one statement belongs to a request: the instance asks for a batch now and then', async () => {
    const { key } = await givenKeyHolder(app, { plan: 'business' })
    const quiet = await openQuiet()
    for (let i = 0; i < 50; i++) await quiet.ask(key)
    const before = quiet.stats()
    for (let i = 0; i < 1_000; i++) expect((await quiet.ask(key)).status).toBe(200)
    const after = quiet.stats()
    expect(after.refills - before.refills).toBeLessThanOrEqual(8)
    expect(after.queries - before.queries).toBe(after.refills - before.refills + after.upkeep - before.upkeep)
  })

  test('not one statement is made on a plan without a limit', async () => {
    const { key } = await givenKeyHolder(app, { plan: 'enterprise' })
    const quiet = await openQuiet()
    await quiet.ask(key)
    const before = quiet.stats()
    for (let i = 0; i < 200; i++) expect((await quiet.ask(key)).status).toBe(200)
    const after = quiet.stats()
    expect([after.refills, after.queries - after.upkeep]).toEqual([0, before.queries - before.upkeep])
  })

  test('those who find no unit share one question, and so do those who hammer at a used up quota', async () => {
    const { key } = await givenKeyHolder(app)
    const quiet = await openQuiet()
    await Promise.all([1, 2, 3].map(() => quiet.ask(key)))
    expect(quiet.stats().refills).toBe(1)
    for (let i = 3; i < 100; i++) expect((await quiet.ask(key)).status).toBe(200)
    expect((await quiet.ask(key)).status).toBe(429)
    const { refills } = quiet.stats()
    const answers = await Promise.all(Array.from({ length: 300 }, () => quiet.ask(key)))
    expect(answers.every(({ status }) => status === 429)).toBe(true)
    expect(quiet.stats().refills - refills).toBeLessThanOrEqual(1)
  })
})

describe('the guard', () => {
  const path = '/v1/something'
  const feature = requireFeature('api_access')
  const handler: Handler = (c) => c.json({})

  test('stands behind the last guard of a route that is open to keys', () => {
    const open = authenticateOrKey('profile.read')
    expect(withQuotaGuard(path, [open, feature, noInput, handler])).toEqual([
      open,
      feature,
      requireApiQuota,
      noInput,
      handler,
    ])
  })

  test('stands where the route names it, and there alone; routes that are public or closed to keys have none', () => {
    for (const handlers of [
      [authenticateOrKey('profile.read'), noInput, requireApiQuota, handler],
      [authenticate, feature, noInput, handler],
      [noInput, handler],
    ])
      expect(withQuotaGuard(path, handlers)).toEqual(handlers)
  })

  test('asks nothing of who follows the changes of authorisation', async () => {
    const { id } = await givenAccount(app, { role: 'superadmin' })
    const { key } = await givenApiKey(app, id, { permissions: ['authz.read'] })
    for (let i = 0; i < 3; i++) expect((await ask(key, '/v1/authz/changes')).status).toBe(200)
    expect(await readQuotaRows(app, id)).toMatchObject({ used: 0, leases: 0 })
  })
})
