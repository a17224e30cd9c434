import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { z } from 'zod'
import { authenticate, authenticateOrKey } from '../../src/access/bearer-guard.ts'
import type { AuthedEnv } from '../../src/access/env.ts'
import { requireFeature } from '../../src/access/feature-guards.ts'
import { openApp } from '../../src/app.ts'
import { fuse } from '../../src/http/fuse.ts'
import { body } from '../../src/http/input/validate.ts'
import type { PublicEnv } from '../../src/http/request.ts'
import { idempotent } from '../../src/idempotency/middleware.ts'
import { requireQuota, withQuota } from '../../src/quotas/guard.ts'
import { createLeases } from '../../src/quotas/leases.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { reloadCatalogue } from '../support/guarded.ts'
import { expectProblem } from '../support/problems.ts'
import { givenKeyHolder, nextMonth, readApiRequests } from '../support/quotas.ts'

const app = await openTestApp()
const { sql, deps } = app
await sql`insert into features (name, display_name, category) values ('entries', 'Diary entries', 'data'), ('drawings', 'Drawings', 'data')`
await sql`insert into plan_features (plan, feature, limit_value) values
  ('free', 'entries', 3), ('starter', 'entries', 3), ('professional', 'entries', 30), ('business', 'entries', null), ('free', 'drawings', 1)`
await reloadCatalogue(app)

const Entry = z.strictObject({ text: z.string().min(1).max(100) })

/** A product's own route in the real chain, as docs/adding-a-feature.md tells how to write one. */
const entries = new Hono<AuthedEnv>().post(
  '/entries',
  authenticate,
  requireFeature('entries'),
  body(Entry),
  requireQuota('entries'),
  idempotent,
  async (c) => c.json({ wrote: c.req.valid('json').text }, c.req.valid('json').text === 'late' ? 409 : 201),
)
const mounts = new Hono<PublicEnv>()
  .route('/v1', entries)
  .post('/v1/both', authenticateOrKey('profile.read'), requireQuota('entries'), requireQuota('drawings'), (c) =>
    c.json({}, 201),
  )
const product = fuse(openApp(deps).route('/', withQuota(mounts)))

function write(
  bearer: string,
  { text = 'a good day', path = '/v1/entries', key }: Partial<Record<string, string>> = {},
) {
  const headers = {
    Authorization: `Bearer ${bearer}`,
    'Content-Type': 'application/json',
    ...(key && { 'Idempotency-Key': key }),
  }
  return product.request(path, { method: 'POST', headers, body: path === '/v1/both' ? null : JSON.stringify({ text }) })
}

async function somebody(options: Parameters<typeof givenAccount>[1] = {}) {
  const account = await givenAccount(app, options)
  return { id: account.id, bearer: (await logIn(app, account)).accessToken }
}

async function usageOf(bearer: string) {
  const { usage } = await bodyOf<{ usage: Record<string, { used: number; limit: number | null; resetsAt: string }> }>(
    await app.request('/v1/me/entitlements', { bearer }),
  )
  return usage
}

describe('a feature with a monthly limit of its own', () => {
  test('is used as often as the plan allows, and is then refused with the plan that allows more', async () => {
    const { bearer } = await somebody()
    for (let i = 0; i < 3; i++) expect((await write(bearer)).status).toBe(201)
    expect(await expectProblem(await write(bearer), 'quota-exceeded')).toMatchObject({
      feature: 'entries',
      limit: 3,
      used: 3,
      resetsAt: nextMonth(),
      upgrade: { plan: 'professional' },
    })
    expect(await usageOf(bearer)).toMatchObject({
      apiRequests: { used: 0, limit: 100 },
      entries: { used: 3, limit: 3, resetsAt: nextMonth() },
    })
  })

  test('has no limit on a plan without one, and still is counted', async () => {
    const { bearer } = await somebody({ plan: 'business' })
    for (let i = 0; i < 40; i++) expect((await write(bearer)).status).toBe(201)
    expect((await usageOf(bearer)).entries).toMatchObject({ used: 40, limit: null })
  })

  test('goes by the limit of an account’s own, and then offers no plan', async () => {
    const { id, bearer } = await somebody()
    const admin = await somebody({ role: 'superadmin' })
    const granted = await app.request(`/v1/admin/users/${id}/features/entries`, {
      method: 'PUT',
      bearer: admin.bearer,
      json: { granted: true, limit: 1, reason: 'asked for it' },
    })
    expect(granted.status).toBe(200)
    expect((await write(bearer)).status).toBe(201)
    expect(await expectProblem(await write(bearer), 'quota-exceeded')).toMatchObject({ limit: 1, upgrade: null })
  })

  test('is nothing that a plan without the feature has', async () => {
    await sql`delete from plan_features where plan = 'enterprise' and feature = 'entries'`
    const { bearer } = await somebody({ plan: 'enterprise' })
    await expectProblem(await write(bearer), 'feature-not-in-plan')
    await expectProblem(await write(bearer, { path: '/v1/both' }), 'feature-not-in-plan')
  })

  test('costs nothing where the request is refused, fails, or is sent again under its key', async () => {
    const { bearer } = await somebody()
    await expectProblem(await write(bearer, { text: '' }), 'validation-failed')
    expect((await write(bearer, { text: 'late' })).status).toBe(409)
    for (let i = 0; i < 3; i++) expect((await write(bearer, { key: 'one' })).status).toBe(201)
    expect((await usageOf(bearer)).entries?.used).toBe(1)
  })

  test('counts apart from other features and from the requests of API keys', async () => {
    const { key, ...holder } = await givenKeyHolder(app)
    const { accessToken } = await logIn(app, holder)
    expect((await write(key, { path: '/v1/both' })).status).toBe(201)
    // The second is refused by drawings alone: its entry is given back.
    expect(await expectProblem(await write(key, { path: '/v1/both' }), 'quota-exceeded')).toMatchObject({
      feature: 'drawings',
    })
    expect(await usageOf(accessToken)).toMatchObject({ entries: { used: 1 }, drawings: { used: 1 } })
    expect((await readApiRequests(app, accessToken)).used).toBe(2)
  })

  test('is exact where several instances are asked at once', async () => {
    const { id } = await somebody()
    const quota = { accountId: id, feature: 'entries' }
    const instances = Array.from({ length: 3 }, () => createLeases({ ...deps, tickMs: 10 }))
    const asked = Array.from({ length: 60 }, (_, i) => instances[i % 3]?.consume(quota, 20))
    const passed = (await Promise.allSettled(asked)).filter(({ status }) => status === 'fulfilled')
    expect(passed).toHaveLength(20)
    await Promise.all(instances.map((leases) => leases.close()))
  })

  test('shares no unit with servers of the version before, whose statements still count API requests', async () => {
    const { id, bearer } = await somebody()
    await sql`select take_quota(${id}, gen_random_uuid(), 100, 0, 16)`
    expect((await write(bearer)).status).toBe(201)
    const rows = await sql`select feature, held::int from quota_leases where account_id = ${id} order by feature`
    expect(rows.map(({ feature }) => feature)).toEqual(['api_access', 'entries'])
  })
})
