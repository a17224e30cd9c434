import { describe, expect, test } from 'bun:test'
import { table } from '../matrix-table.ts'
import { givenAccount, goodPassword } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { everyRoute } from '../support/every-route.ts'
import { makeKnown } from '../support/guarded.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const root = await signedIn(app, { role: 'superadmin', plan: 'enterprise' })
const allPermissions = [...deps.catalogue.current.permissions.keys()]

type Entitlements = { plan: string; role: string; permissions: string[]; features: string[] }
const rightsOf = async (bearer: string) => bodyOf<Entitlements>(await request('/v1/me/entitlements', { bearer }))
const administer = async (method: string, path: string, json?: unknown) => {
  const answer = await request(`/v1/admin${path}`, { method, bearer: root.bearer, json })
  expect([path, answer.status]).toEqual([path, answer.status < 300 ? answer.status : 200])
}

/** A key with every permission there is on its list. */
async function givenFullKey(options: Parameters<typeof givenAccount>[1] = {}) {
  const owner = await givenAccount(app, options)
  const { key } = await givenApiKey(app, owner.id, { permissions: allPermissions })
  return { ...owner, key }
}

describe('what a key may do', () => {
  test('is what stands on its list and its owner may do, whichever is less', async () => {
    const owner = await signedIn(app, { role: 'user' })
    const { key } = await givenApiKey(app, owner.id)
    expect((await rightsOf(key)).permissions).toEqual(['dashboard.read', 'profile.read'])
    expect((await request('/v1/dashboard', { bearer: key })).status).toBe(200)
    const problem = await expectProblem(await request('/v1/subscription', { bearer: key }), 'permission-denied')
    expect(problem.requiredPermissions).toEqual(['payments.read'])
    const full = await givenApiKey(app, owner.id, { permissions: allPermissions })
    expect((await rightsOf(full.key)).permissions).toEqual((await rightsOf(owner.bearer)).permissions)
    const none = await givenApiKey(app, owner.id, { permissions: [] })
    for (const path of ['/v1/me', '/v1/me/entitlements', '/v1/me/export', '/v1/entitlements/api_access'])
      await expectProblem(await request(path, { bearer: none.key }), 'permission-denied')
  })

  test('is reading alone: the export as CSV, which is not named, is refused like every write', async () => {
    const owner = await givenAccount(app, { plan: 'enterprise' })
    const { key } = await givenApiKey(app, owner.id, { permissions: allPermissions })
    expect((await request('/v1/me/export', { bearer: key })).status).toBe(200)
    await expectProblem(await request('/v1/me/export?format=csv', { bearer: key }), 'api-key-not-allowed')
    for (const [method, path, json] of [
      ['PATCH', '/v1/me', { firstName: 'Asha' }],
      ['POST', '/v1/subscription', { plan: 'business', interval: 'month' }],
      ['POST', '/v1/subscription/preview', { plan: 'business' }],
      ['DELETE', '/v1/subscription', undefined],
      ['POST', '/v1/subscription/portal', {}],
    ] as const)
      await expectProblem(await request(path, { method, bearer: key, json }), 'api-key-not-allowed')
  })

  test('a list without a word from its owner is profile.read and dashboard.read, as far as the owner has them', async () => {
    const guest = await signedIn(app, { role: 'guest' })
    const made = await request('/v1/api-keys', { bearer: guest.bearer, json: { name: 'Mine', password: goodPassword } })
    const { key, permissions } = await bodyOf<{ key: string; permissions: string[] }>(made)
    expect(permissions).toEqual(['dashboard.read', 'profile.read'])
    expect((await rightsOf(key)).permissions).toEqual(['profile.read'])
  })

  test('what it did is in the trail as its owner’s, by this key', async () => {
    const { id, key } = await givenFullKey()
    expect((await request('/v1/me/export', { bearer: key })).status).toBe(200)
    const [used] = await sql<{ id: string }[]>`select id from api_keys where account_id = ${id}`
    const [row] =
      await sql`select actor_id, details from audit_logs where action = 'account.export' and actor_id = ${id}`
    expect(row).toEqual({ actorId: id, details: { format: 'json', apiKeyId: used?.id } })
  })
})

describe('it follows its owner at the next request', () => {
  test('when the role falls and rises', async () => {
    const { id, key } = await givenFullKey({ role: 'user' })
    expect((await rightsOf(key)).permissions).toContain('payments.read')
    await administer('PUT', `/users/${id}/role`, { role: 'guest' })
    expect(await rightsOf(key)).toMatchObject({ role: 'guest', permissions: ['profile.read'] })
    await administer('PUT', `/users/${id}/role`, { role: 'admin' })
    expect((await rightsOf(key)).permissions).toContain('users.manage')
  })

  test('when the plan rises, and when it lapses, at its second and with no job', async () => {
    const { id, key } = await givenFullKey()
    await expectProblem(await request('/v1/dashboard/insights', { bearer: key }), 'feature-not-in-plan')
    const endsAt = new Date(deps.now() + 60_000).toISOString()
    await administer('PUT', `/users/${id}/subscription`, { plan: 'professional', endsAt, reason: 'gift' })
    expect((await request('/v1/dashboard/insights', { bearer: key })).status).toBe(200)
    expect(await rightsOf(key)).toMatchObject({ plan: 'professional', role: 'subscriber' })
    app.clock.advance(61)
    await expectProblem(await request('/v1/dashboard/insights', { bearer: key }), 'feature-not-in-plan')
    expect(await rightsOf(key)).toMatchObject({ plan: 'free', role: 'user' })
    app.clock.advance(-61)
  })

  test('when a feature is granted to the owner alone, and taken again', async () => {
    const { id, key } = await givenFullKey()
    const insights = () => request('/v1/dashboard/insights', { bearer: key })
    await expectProblem(await insights(), 'feature-not-in-plan')
    await administer('PUT', `/users/${id}/features/premium_dashboard`, { granted: true, reason: 'gift' })
    expect((await insights()).status).toBe(200)
    await administer('DELETE', `/users/${id}/features/premium_dashboard`)
    await expectProblem(await insights(), 'feature-not-in-plan')
  })

  test('when its role or its plan is edited, without being looked up', async () => {
    await sql`insert into roles (name, privilege_level) values ('reader', 20)`
    await administer('PUT', '/roles/reader/permissions', { permissions: ['profile.read'] })
    const { key } = await givenFullKey({ role: 'reader', plan: 'starter' })
    expect(await rightsOf(key)).toMatchObject({ permissions: ['profile.read'] })
    await administer('PUT', '/roles/reader/permissions', { permissions: ['dashboard.read', 'profile.read'] })
    const { features: before } = await rightsOf(key)
    await administer('PUT', '/plans/starter/features', {
      features: [...before, 'white_label'].map((name) => ({ name })),
    })
    const { lookUps } = deps.apiKeys.stats()
    const after = await rightsOf(key)
    expect(deps.apiKeys.stats().lookUps).toBe(lookUps)
    expect(after.permissions).toEqual(['dashboard.read', 'profile.read'])
    expect(after.features).toEqual([...before, 'white_label'].sort())
  })

  test('and stops where the plan has no API access any more, with the plan that helps', async () => {
    const owner = await givenAccount(app, { plan: 'professional' })
    const { key } = await givenApiKey(app, owner.id)
    expect((await request('/v1/me', { bearer: key })).status).toBe(200)
    const free = deps.catalogue.current.plans.get('professional')?.features ?? []
    const without = free.filter(({ name }) => name !== 'api_access').map(({ name }) => ({ name }))
    await administer('PUT', '/plans/professional/features', { features: without })
    for (const path of ['/v1/me', '/v1/me/entitlements', '/v1/entitlements/premium_dashboard', '/v1/subscription']) {
      const problem = await expectProblem(await request(path, { bearer: key }), 'feature-not-in-plan')
      expect(problem).toMatchObject({ missingFeatures: ['api_access'], upgrade: { plan: 'free' } })
    }
    await administer('PUT', '/plans/professional/features', { features: [...without, { name: 'api_access' }] })
    expect((await request('/v1/me', { bearer: key })).status).toBe(200)
  })
})

describe('what is not opened to keys is closed, to a superadmin’s key with every permission too', async () => {
  const { routes, send } = await everyRoute(app)
  const { key } = await givenFullKey({ role: 'superadmin', plan: 'enterprise' })
  const closed = (route: string) => table[route]?.demands.startsWith('authenticated') && !table[route]?.keys

  for (const { route, method, path, row } of routes.filter(({ route }) => closed(route)))
    test(route, async () => {
      const body =
        row.json &&
        JSON.stringify(
          row.json({ accountId: '', sessionId: '', apiKeyId: '', passkeyId: '', refreshToken: 'x', unique: 'u' }),
        )
      await expectProblem(await send({ method, path, body, bearer: key }), 'api-key-not-allowed')
      // Nor does the body matter, or the lack of one.
      await expectProblem(await send({ method, path, bearer: key }), 'api-key-not-allowed')
    })

  test('those are all of sessions, keys, administration and every write, and the others are open', async () => {
    expect(routes.filter(({ route }) => closed(route)).length).toBeGreaterThan(40)
    const personal =
      /^\S+ \/v1\/(auth\/(?!register|login|mfa|passkey|providers|oidc\/|refresh|password\/(?:forgot|reset)|email\/|invitation\/accept)|api-keys|admin)|^(?!GET )\S+ \/v1\/(me|subscription)/
    expect(routes.filter(({ route }) => personal.test(route) && !closed(route))).toEqual([])
    for (const { route, method, path } of routes.filter(({ route }) => !closed(route))) {
      const answer = await send({ method, path, bearer: key })
      if (answer.status < 400) continue
      expect([route, (await bodyOf<{ code: string }>(answer)).code]).not.toEqual([route, 'api-key-not-allowed'])
    }
    expect(Object.keys(table)).toContain('DELETE /v1/me')
  })

  test('a bearer that is no good is told so first', async () => {
    const dead = await givenFullKey({ status: 'locked' })
    await expectProblem(await request('/v1/admin/users', { bearer: dead.key }), 'account-disabled')
    await expectProblem(await request('/v1/admin/users', { bearer: `${key}x` }), 'invalid-token')
  })
})

describe('ranges of addresses', () => {
  const ranges = ['203.0.113.0/24', '2001:db8:a::/48', '192.0.2.9', '198.51.100.128/25']
  test.each([
    ['203.0.113.0', 200],
    ['203.0.113.255', 200],
    ['::ffff:203.0.113.7', 200],
    ['::ffff:cb00:7107', 200],
    ['192.0.2.9', 200],
    ['198.51.100.200', 200],
    ['2001:db8:a:ffff::1', 200],
    ['2001:0DB8:000A::1', 200],
    ['203.0.114.0', 403],
    ['203.0.112.255', 403],
    ['::ffff:203.0.114.0', 403],
    ['192.0.2.8', 403],
    ['198.51.100.127', 403],
    ['2001:db8:b::1', 403],
    ['::203.0.113.7', 403],
    ['no address at all', 403],
  ])('from %s: %d', async (ip, status) => {
    const owner = await givenAccount(app, { plan: 'business' })
    const { key } = await givenApiKey(app, owner.id, { ipRanges: ranges })
    const answer = await request('/v1/me', { bearer: key, ip })
    expect(answer.status).toBe(status)
    if (status === 403) await expectProblem(answer, 'api-key-not-allowed')
  })

  test('believe no header about the address, and bind a key whose owner lost the feature too', async () => {
    const owner = await givenAccount(app, { plan: 'business' })
    const { key } = await givenApiKey(app, owner.id, { ipRanges: ranges })
    const headers = { 'X-Forwarded-For': '203.0.113.7', 'Fly-Client-IP': '203.0.113.7' }
    await expectProblem(await request('/v1/me', { bearer: key, ip: '192.0.2.1', headers }), 'api-key-not-allowed')
    await sql`update user_subscriptions set plan = 'free' where account_id = ${owner.id}`
    await makeKnown(app, owner.id)
    await expectProblem(await request('/v1/me', { bearer: key, ip: '192.0.2.1' }), 'api-key-not-allowed')
    expect((await request('/v1/me', { bearer: key, ip: '192.0.2.9' })).status).toBe(200)
  })

  test('that cannot be read let nobody in', async () => {
    const owner = await givenAccount(app, { plan: 'business' })
    const { key } = await givenApiKey(app, owner.id, { ipRanges: ['anywhere'] })
    await expectProblem(await request('/v1/me', { bearer: key, ip: '203.0.113.7' }), 'api-key-not-allowed')
  })
})
