import { describe, expect, test } from 'bun:test'
import { recordAuthzChange } from '../../src/changes/record.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { logIn } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { endExpired } from '../support/subscriptions.ts'
import { givenTeam, join, planEndedAgo, standing } from '../support/teams.ts'
import { claimsOf } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql } = app
const admin = await signedIn(app, { role: 'admin' })

const insights = (bearer: string) => request('/v1/dashboard/insights', { bearer })
/** What the job did; this instance knows it then. */
async function settled(): Promise<unknown> {
  const teams = await runJobNow(app.deps, 'settle-teams')
  await app.deps.feed.poll()
  return teams
}
const grant = (id: string, json: object) =>
  request(`/v1/admin/users/${id}/subscription`, {
    method: 'PUT',
    bearer: admin.bearer,
    json: { reason: 'test', ...json },
  })

describe('a member has the plan of the team’s owner', () => {
  test('in a token, with its end and who pays, and keeps the own role', async () => {
    const endsAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 86_400_000)
    const { owner, members } = await givenTeam(app, { endsAt, members: 1 })
    const [member] = members
    if (!member) throw new Error('one was asked for')
    const { accessToken, user } = await logIn(app, member)
    expect(claimsOf(accessToken)).toMatchObject({
      plan: 'business',
      pex: endsAt.getTime() / 1000,
      payer: owner.id,
      role: 'user',
    })
    expect([user.plan.name, user.role]).toEqual(['business', 'user'])
    expect(claimsOf((await logIn(app, owner)).accessToken).payer).toBeUndefined()
  })

  test('from the next request on, also when the owner’s plan changes or ends, and when they leave', async () => {
    const { id, owner } = await givenTeam(app)
    const person = await signedIn(app)
    await expectProblem(await insights(person.bearer), 'feature-not-in-plan')
    await join(app, id, person.id)
    expect((await insights(person.bearer)).status).toBe(200)
    expect((await grant(owner.id, { plan: 'professional' })).status).toBe(200)
    expect((await insights(person.bearer)).status).toBe(200)
    await expectProblem(await request('/v1/entitlements/audit_logs', { bearer: person.bearer }), 'feature-not-in-plan')
    expect((await grant(owner.id, { plan: 'enterprise' })).status).toBe(200)
    expect((await request('/v1/entitlements/white_label', { bearer: person.bearer })).status).toBe(200)
    expect((await grant(owner.id, { plan: 'free' })).status).toBe(200)
    await expectProblem(await insights(person.bearer), 'feature-not-in-plan')
    expect((await grant(owner.id, { plan: 'business' })).status).toBe(200)
    expect((await insights(person.bearer)).status).toBe(200)
    await sql.begin(async (tx) => {
      await tx`delete from team_members where account_id = ${person.id}`
      await recordAuthzChange(tx, { accountId: person.id })
    })
    await expectProblem(await insights(person.bearer), 'feature-not-in-plan')
    expect(await standing(app, person.id)).toMatchObject({ plan: 'free', payerId: null, role: 'user' })
  })

  test('and loses it at its second; the job writes that down, and a renewal wakes the team', async () => {
    const { owner, members } = await givenTeam(app, { endsAt: new Date(Date.now() + 3_600_000), members: 2 })
    const [member, other] = members
    if (!member || !other) throw new Error('two were asked for')
    const { accessToken } = await logIn(app, member)
    expect((await insights(accessToken)).status).toBe(200)
    await planEndedAgo(app, owner.id, 60)
    const late = await logIn(app, member)
    expect(claimsOf(late.accessToken)).toMatchObject({ plan: 'free', role: 'user' })
    expect(Object.keys(claimsOf(late.accessToken))).not.toContain('payer')
    expect(await endExpired(app)).toBe(3)
    for (const { id } of [owner, member, other])
      expect(await standing(app, id)).toMatchObject({ plan: 'free', role: 'user' })
    expect(await endExpired(app)).toBe(0)
    expect((await grant(owner.id, { plan: 'professional' })).status).toBe(200)
    expect((await insights(late.accessToken)).status).toBe(200)
    expect(await standing(app, other.id)).toMatchObject({ plan: 'professional', payerId: owner.id })
  })

  test('while that plan has team_collaboration: without it the team sleeps', async () => {
    const { owner, members } = await givenTeam(app, { members: 1 })
    const [member] = members
    if (!member) throw new Error('one was asked for')
    const { accessToken } = await logIn(app, member)
    expect((await grant(owner.id, { plan: 'starter' })).status).toBe(200)
    const exported = () => request('/v1/entitlements/data_export', { bearer: accessToken })
    await expectProblem(await exported(), 'feature-not-in-plan')
    expect(await standing(app, member.id)).toMatchObject({ plan: 'free', payerId: owner.id })
    const override = `/v1/admin/users/${owner.id}/features/team_collaboration`
    const put = (json: object) =>
      request(override, { method: 'PUT', bearer: admin.bearer, json: { reason: 'test', ...json } })
    const expiresAt = new Date(Math.ceil(Date.now() / 1000) * 1000 + 86_400_000)
    expect((await put({ granted: true, expiresAt: expiresAt.toISOString() })).status).toBe(200)
    expect((await exported()).status).toBe(200)
    expect(claimsOf((await logIn(app, member)).accessToken)).toMatchObject({
      plan: 'starter',
      pex: expiresAt.getTime() / 1000,
    })
    expect((await put({ granted: false })).status).toBe(200)
    await expectProblem(await exported(), 'feature-not-in-plan')
    expect((await grant(owner.id, { plan: 'business' })).status).toBe(200)
    await expectProblem(await exported(), 'feature-not-in-plan')
    expect((await request(override, { method: 'DELETE', bearer: admin.bearer })).status).toBe(204)
    expect((await insights(accessToken)).status).toBe(200)
  })

  test('within a minute of an edit of the catalogue, and of the end of a refusal', async () => {
    const superadmin = await signedIn(app, { role: 'superadmin' })
    const ask = (method: string, path: string, json: object) =>
      request(`/v1/admin${path}`, { method, bearer: superadmin.bearer, json })
    const plan = `shared_${Bun.randomUUIDv7().slice(-12)}`
    const values = {
      name: plan,
      displayName: 'Shared',
      description: 'For three',
      tier: 61,
      priceMonthlyMinor: null,
      priceYearlyMinor: null,
    }
    const limits = { maxUsers: 3, maxApiRequestsPerMonth: null, maxStorageGb: null, apiRequestsPerMinute: 600 }
    expect((await ask('POST', '/plans', { ...values, ...limits, currency: 'USD', trialDays: 0 })).status).toBe(201)
    const include = async (...names: string[]) => {
      const features = names.map((name) => ({ name }))
      expect((await ask('PUT', `/plans/${plan}/features`, { features })).status).toBe(200)
      return settled()
    }
    expect(await include('team_collaboration', 'premium_dashboard')).toBe(0)
    const { owner, members } = await givenTeam(app, { plan, members: 2 })
    const [member] = members
    if (!member) throw new Error('one was asked for')
    const { accessToken } = await logIn(app, member)
    expect((await insights(accessToken)).status).toBe(200)
    expect(await include('premium_dashboard')).toBe(1)
    await expectProblem(await insights(accessToken), 'feature-not-in-plan')
    expect(await include('premium_dashboard', 'team_collaboration')).toBe(1)
    expect((await insights(accessToken)).status).toBe(200)
    expect(await include('team_collaboration', 'premium_dashboard', 'data_export')).toBe(0)

    const expiresAt = new Date(Date.now() + 3_600_000).toISOString()
    const refusal = { granted: false, expiresAt, reason: 'test' }
    expect((await ask('PUT', `/users/${owner.id}/features/team_collaboration`, refusal)).status).toBe(200)
    await expectProblem(await insights(accessToken), 'feature-not-in-plan')
    await sql`update account_features set expires_at = clock_timestamp() - interval '1 second' where account_id = ${owner.id}`
    expect(await endExpired(app)).toBe(1)
    expect((await standing(app, member.id)).plan).toBe('free')
    expect(await settled()).toBe(1)
    expect((await insights(accessToken)).status).toBe(200)
  })

  test('until the owner is erased, with the team', async () => {
    const { id, owner, members } = await givenTeam(app, { members: 2 })
    const [member] = members
    if (!member) throw new Error('two were asked for')
    const { accessToken } = await logIn(app, member)
    expect((await insights(accessToken)).status).toBe(200)
    expect((await request(`/v1/admin/users/${owner.id}`, { method: 'DELETE', bearer: admin.bearer })).status).toBe(204)
    await expectProblem(await insights(accessToken), 'feature-not-in-plan')
    expect(
      await sql`select 1 from teams where id = ${id} union all select 1 from team_members where team_id = ${id}`,
    ).toHaveLength(0)
    expect(await standing(app, member.id)).toMatchObject({ plan: 'free', payerId: null })
  })

  test('and none of their own meanwhile', async () => {
    const { members } = await givenTeam(app, { members: 1 })
    const [member] = members
    if (!member) throw new Error('one was asked for')
    const { accessToken: bearer } = await logIn(app, member)
    const bought = await request('/v1/subscription', { bearer, json: { plan: 'starter', interval: 'month' } })
    await expectProblem(bought, 'already-subscribed')
    await expectProblem(await grant(member.id, { plan: 'enterprise' }), 'already-in-team')
    expect((await grant(member.id, { plan: 'free' })).status).toBe(200)
    expect((await bodyOf<{ plan: { name: string } }>(await request('/v1/me', { bearer }))).plan.name).toBe('business')
  })
})
