import { describe, expect, test } from 'bun:test'
import { requireAnyFeature, requireSubscription } from '../../src/access/feature-guards.ts'
import { givenAccount, logIn } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { guardedBy, makeKnown, reloadCatalogue } from '../support/guarded.ts'
import { expectProblem } from '../support/problems.ts'
import { claimsOf, mint } from '../support/tokens.ts'

const app = await openTestApp()
const { sql, clock, request } = app
const insights = (bearer: string) => request('/v1/dashboard/insights', { bearer })
const grant = (feature: string, bearer: string) => request(`/v1/entitlements/${feature}`, { bearer })
const rightsOf = async (bearer: string) => bodyOf(await request('/v1/me/entitlements', { bearer }))
const second = (date: Date) => Math.ceil(date.getTime() / 1000)

/** Moves the clock to a moment `seconds` after an epoch second (before it, if negative). */
function moveTo(epochSecond: number, seconds: number): void {
  clock.offsetMs = epochSecond * 1000 - Date.now() + seconds * 1000
}

describe('a plan that lapses', () => {
  test('is free from that second on, with no job and no new token, and a subscriber is a user', async () => {
    clock.offsetMs = 0
    const endsAt = new Date(Date.now() + 300_000)
    const { accessToken } = await logIn(
      app,
      await givenAccount(app, { plan: 'professional', role: 'subscriber', endsAt }),
    )
    const pex = claimsOf(accessToken).pex as number
    expect(pex).toBe(second(endsAt))
    moveTo(pex, -20)
    expect((await insights(accessToken)).status).toBe(200)
    expect(await rightsOf(accessToken)).toMatchObject({
      plan: 'professional',
      role: 'subscriber',
      privilegeLevel: 50,
      tier: 50,
    })
    moveTo(pex, 0)
    const problem = await expectProblem(await insights(accessToken), 'feature-not-in-plan')
    expect(problem.upgrade).toMatchObject({ plan: 'professional' })
    const answer = await request('/v1/me/entitlements', { bearer: accessToken })
    expect(answer.headers.get('authz-refresh')).toBe('1')
    expect(await answer.json()).toMatchObject({
      plan: 'free',
      role: 'user',
      privilegeLevel: 10,
      tier: 1,
      features: ['api_access'],
      limits: { maxApiRequestsPerMonth: 100 },
    })
    await expectProblem(await guardedBy(app, requireSubscription)(accessToken), 'subscription-required')
  })

  test('leaves an administrator an administrator', async () => {
    clock.offsetMs = 0
    const endsAt = new Date(Date.now() + 300_000)
    const { accessToken } = await logIn(app, await givenAccount(app, { plan: 'professional', role: 'admin', endsAt }))
    moveTo(second(endsAt), 0)
    await expectProblem(await insights(accessToken), 'feature-not-in-plan')
    expect(await rightsOf(accessToken)).toMatchObject({ plan: 'free', role: 'admin', privilegeLevel: 90 })
  })
})

describe('an override', () => {
  async function given(
    feature: string,
    granted: boolean,
    more: { limit?: number; expiresAt?: Date; plan?: string } = {},
  ) {
    clock.offsetMs = 0
    const account = await givenAccount(app, { plan: more.plan ?? 'free' })
    await sql`insert into account_features (account_id, feature, granted, limit_value, expires_at, reason)
      values (${account.id}, ${feature}, ${granted}, ${more.limit ?? null}, ${more.expiresAt ?? null}, 'agreed')`
    return { id: account.id, bearer: (await logIn(app, account)).accessToken }
  }

  test('grants a feature whatever the plan, with its own limit', async () => {
    const { bearer } = await given('sso_oauth', true, { limit: 25 })
    expect(await bodyOf(await grant('sso_oauth', bearer))).toEqual({ feature: 'sso_oauth', granted: true, limit: 25 })
    await expectProblem(await grant('phone_support', bearer), 'feature-not-in-plan')
  })

  test('refuses a feature whatever the plan, and then no plan is offered', async () => {
    const { bearer } = await given('premium_dashboard', false, { plan: 'enterprise' })
    const problem = await expectProblem(await insights(bearer), 'feature-not-in-plan')
    expect(problem.upgrade).toBeNull()
    expect((await grant('white_label', bearer)).status).toBe(200)
  })

  test('refuses one of several that would do: only a plan with another of them is offered', async () => {
    const { bearer } = await given('data_export', false)
    const ask = guardedBy(app, requireAnyFeature('data_export', 'white_label'))
    const problem = await expectProblem(await ask(bearer), 'feature-not-in-plan')
    expect(problem.upgrade).toMatchObject({ plan: 'enterprise' })
  })

  for (const granted of [true, false])
    test(`${granted ? 'that grants' : 'that refuses'} ends at its second`, async () => {
      const expiresAt = new Date(Date.now() + 300_000)
      const { bearer } = await given('premium_dashboard', granted, { expiresAt, plan: granted ? 'free' : 'enterprise' })
      moveTo(second(expiresAt), -20)
      expect((await insights(bearer)).status).toBe(granted ? 200 : 403)
      moveTo(second(expiresAt), 0)
      expect((await insights(bearer)).status).toBe(granted ? 403 : 200)
    })

  test('made or taken away is obeyed by the next request', async () => {
    const { id, bearer } = await given('data_export', true)
    await sql`insert into account_features (account_id, feature, granted, reason) values (${id}, 'premium_dashboard', true, 'agreed')`
    await makeKnown(app, id)
    expect((await insights(bearer)).status).toBe(200)
    await sql`delete from account_features where account_id = ${id}`
    await makeKnown(app, id)
    await expectProblem(await insights(bearer), 'feature-not-in-plan')
  })
})

describe('an edited catalogue', () => {
  test('reaches tokens that are older than it: a feature taken from a plan, and one put into it', async () => {
    clock.offsetMs = 0
    const { accessToken } = await logIn(app, await givenAccount(app, { plan: 'professional' }))
    await sql`delete from plan_features where plan = 'professional' and feature = 'premium_dashboard'`
    await sql`insert into plan_features (plan, feature) values ('professional', 'phone_support')`
    await reloadCatalogue(app)
    await expectProblem(await insights(accessToken), 'feature-not-in-plan')
    const answer = await grant('phone_support', accessToken)
    expect([answer.status, answer.headers.get('authz-refresh')]).toEqual([200, '1'])
    await sql`insert into plan_features (plan, feature) values ('professional', 'premium_dashboard')`
    await reloadCatalogue(app)
  })

  test('reaches roles too: a permission taken away is gone at once', async () => {
    const { accessToken } = await logIn(app, await givenAccount(app, { role: 'admin' }))
    await sql`delete from role_permissions where role = 'admin' and permission = 'users.manage'`
    await reloadCatalogue(app)
    await expectProblem(await request('/v1/admin/users', { bearer: accessToken }), 'permission-denied')
    await sql`insert into role_permissions (role, permission) values ('admin', 'users.manage')`
    await reloadCatalogue(app)
    expect((await request('/v1/admin/users', { bearer: accessToken })).status).toBe(200)
  })

  test('that this instance has not read yet: the token of one that has holds', async () => {
    const { accessToken } = await logIn(app, await givenAccount(app))
    const good = claimsOf(accessToken)
    const newer = { ...good, cv: Number(good.cv) + 1, feats: ['api_access', 'premium_dashboard'] }
    expect((await insights(await mint(newer))).status).toBe(200)
    // An older one does not: what it says is derived again.
    await expectProblem(await insights(await mint({ ...newer, cv: Number(good.cv) - 1 })), 'feature-not-in-plan')
  })

  test('of a plan that nobody knows, an old token gives nothing', async () => {
    const good = claimsOf((await logIn(app, await givenAccount(app, { plan: 'enterprise' }))).accessToken)
    await expectProblem(await grant('api_access', await mint({ ...good, plan: 'ghost', cv: 0 })), 'feature-not-in-plan')
  })
})
