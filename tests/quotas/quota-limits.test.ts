import { describe, expect, test } from 'bun:test'
import { logIn } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp, type TestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import {
  ageMonth,
  askUntilRefused,
  createGrant,
  givenKeyHolder,
  nextMonth,
  readApiRequests,
  readQuotaRows,
} from '../support/quotas.ts'

const app = await openTestApp()
const { sql, deps } = app
const admin = await signedIn(app, { role: 'superadmin' })

const ask = (bearer: string, path = '/v1/entitlements/api_access', on: TestApp = app) => on.request(path, { bearer })

const grant = createGrant(app, admin.bearer)

describe('the limit in force is that of this very moment', () => {
  test('an upgrade opens at once what was used up', async () => {
    const { id, key } = await givenKeyHolder(app)
    await askUntilRefused(app, key)
    await grant(id, '/subscription', { plan: 'starter' })
    expect((await ask(key)).status).toBe(200)
    expect(await readApiRequests(app, key)).toMatchObject({ used: 102, limit: 10_000 })
  })

  test('a downgrade closes at once, units in hand or not', async () => {
    const { id, key } = await givenKeyHolder(app, { plan: 'starter' })
    for (let i = 0; i < 101; i++) expect((await ask(key)).status).toBe(200)
    expect(await readQuotaRows(app, id)).toMatchObject({ leases: 1 })
    await grant(id, '/subscription', { plan: 'free' })
    expect(await expectProblem(await ask(key), 'quota-exceeded')).toMatchObject({ limit: 100, used: 101 })
  })

  test('an edit of the plan reaches everybody on it', async () => {
    const { key } = await givenKeyHolder(app, { plan: 'business' })
    const edit = (maxApiRequestsPerMonth: number) =>
      app.request('/v1/admin/plans/business', {
        method: 'PATCH',
        bearer: admin.bearer,
        json: { maxApiRequestsPerMonth },
      })
    for (let i = 0; i < 3; i++) expect((await ask(key)).status).toBe(200)
    expect((await edit(3)).status).toBe(200)
    await expectProblem(await ask(key), 'quota-exceeded')
    expect((await edit(1_000_000)).status).toBe(200)
    expect((await ask(key)).status).toBe(200)
  })

  test('an override of api_access with a limit goes before the plan, until it is taken away', async () => {
    const { id, key } = await givenKeyHolder(app)
    await grant(id, '/features/api_access', { granted: true, limit: 150 })
    for (let i = 0; i < 149; i++) expect((await ask(key)).status).toBe(200)
    expect(await readApiRequests(app, key)).toMatchObject({ limit: 150, used: 150 })
    await expectProblem(await ask(key), 'quota-exceeded')
    await grant(id, '/features/api_access', { granted: true, limit: 151 })
    expect((await ask(key)).status).toBe(200)
    await app.request(`/v1/admin/users/${id}/features/api_access`, { method: 'DELETE', bearer: admin.bearer })
    expect(await expectProblem(await ask(key), 'quota-exceeded')).toMatchObject({ limit: 100, used: 151 })
  })

  test('without a limit requests are counted all the same', async () => {
    const { id, key } = await givenKeyHolder(app, { plan: 'enterprise' })
    for (let i = 0; i < 201; i++) expect((await ask(key)).status).toBe(200)
    expect(await readApiRequests(app, key)).toEqual({ used: 202, limit: null, resetsAt: nextMonth() })
    await deps.leases.flush()
    expect((await readApiRequests(app, key)).used).toBe(203)
    await grant(id, '/subscription', { plan: 'free' })
    expect(await expectProblem(await ask(key), 'quota-exceeded')).toMatchObject({ limit: 100, used: 203 })
  })
})

test('a new month begins with a whole quota, and the old one keeps its count', async () => {
  const { id, key } = await givenKeyHolder(app)
  await askUntilRefused(app, key)
  await ageMonth(app, id)
  const later = await openTestApp({ DATABASE_URL: app.databaseUrl })
  expect((await ask(key, undefined, later)).status).toBe(200)
  const months = await sql<
    { used: number }[]
  >`select used::int from quota_usage where account_id = ${id} order by month`
  expect(months.map(({ used }) => used)).toEqual([100, 0])
})

test('what an instance holds of the old month is worth nothing in the new one', async () => {
  const own = await openTestApp({ DATABASE_URL: app.databaseUrl })
  const { id, key } = await givenKeyHolder(app, { plan: 'starter' })
  for (let i = 0; i < 3; i++) await ask(key, undefined, own)
  await ageMonth(app, id)
  const { refills } = own.deps.leases.stats()
  own.clock.advance(32 * 86_400)
  expect((await ask(key, undefined, own)).status).toBe(200)
  expect(own.deps.leases.stats().refills).toBe(refills + 1)
  await own.deps.close(2)
  const months = await sql<
    { used: number }[]
  >`select used::int from quota_usage where account_id = ${id} order by month`
  expect(months.map(({ used }) => used)).toEqual([3, 1])
})

test('a preview names the quota as over its limit where more was used than the plan allows', async () => {
  const { key, ...holder } = await givenKeyHolder(app, { plan: 'starter', endsAt: new Date(Date.now() + 86_400_000) })
  for (let i = 0; i < 101; i++) await ask(key)
  const { accessToken: bearer } = await logIn(app, holder)
  const preview = async (plan: string) =>
    bodyOf(await app.request('/v1/subscription/preview', { bearer, json: { plan } }))
  expect(await preview('free')).toMatchObject({
    overLimit: [{ limit: 'maxApiRequestsPerMonth', used: 101, allowed: 100 }],
  })
  expect(await preview('professional')).toMatchObject({ overLimit: [] })
})
