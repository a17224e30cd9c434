import { describe, expect, test } from 'bun:test'
import { logIn } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { endExpired, endedAgo, manyDue, storedPlan } from '../support/subscriptions.ts'
import { claimsOf } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql, clock } = app

const admin = await signedIn(app, { role: 'admin' })
const read = async (bearer: string) => bodyOf(await request('/v1/subscription', { bearer }))
const insights = (bearer: string) => request('/v1/dashboard/insights', { bearer })
const iso = (msAhead: number) => new Date(Date.now() + msAhead).toISOString()

function give(id: string, path: string, json: Record<string, unknown>): Promise<Response> {
  return request(`/v1/admin/users/${id}${path}`, {
    method: 'PUT',
    bearer: admin.bearer,
    json: { reason: 'agreed', ...json },
  })
}

const day = 86_400
const trial = (bearer: string) =>
  request('/v1/subscription', { bearer, json: { plan: 'professional', interval: 'month' } })

/** How a plan comes to have an end. */
const kinds: Record<string, (person: { id: string; bearer: string }) => Promise<Response>> = {
  'a trial': ({ bearer }) => trial(bearer),
  'a grant with an end': ({ id }) => give(id, '/subscription', { plan: 'professional', endsAt: iso(day * 1000) }),
  'a cancelled trial': async ({ bearer }) => {
    await trial(bearer)
    return request('/v1/subscription', { method: 'DELETE', bearer })
  },
}

for (const [kind, begin] of Object.entries(kinds))
  describe(`${kind} that ended while the jobs were down for a day`, () => {
    test('is free to whoever asks before any job ran, and rows are right after one', async () => {
      clock.offsetMs = 0
      const person = await signedIn(app)
      expect((await begin(person)).status).toBe(200)
      const before = await storedPlan(app, person.id)
      expect(before).toMatchObject({ plan: 'professional', role: 'subscriber' })
      await endedAgo(app, person.id, day)
      const [{ end } = { end: new Date() }] = await sql<{ end: Date }[]>`
        select current_period_end as end from user_subscriptions where account_id = ${person.id} and ended_at is null`

      const seen = await read(person.bearer)
      expect(seen).toEqual({
        plan: { name: 'free', displayName: 'Free', tier: 1 },
        status: 'active',
        interval: null,
        provider: 'manual',
        startedAt: end.toISOString(),
        currentPeriodEnd: null,
        cancelAtPeriodEnd: false,
        pending: null,
      })
      const { accessToken } = await logIn(app, person)
      expect(claimsOf(accessToken)).toMatchObject({
        plan: 'free',
        role: 'user',
        lvl: 10,
        tier: 1,
        feats: ['api_access'],
      })
      expect(claimsOf(accessToken).pex).toBeUndefined()
      await expectProblem(await insights(accessToken), 'feature-not-in-plan')
      const found = await bodyOf<{ items: unknown[] }>(
        await request(`/v1/admin/users?q=${person.email}`, { bearer: admin.bearer }),
      )
      expect(found.items).toMatchObject([{ id: person.id, plan: { name: 'free', tier: 1 } }])
      for (const [plan, count] of [
        ['free', 1],
        ['professional', 0],
      ] as const) {
        const page = await bodyOf<{ items: unknown[] }>(
          await request(`/v1/admin/users?q=${person.email}&plan=${plan}`, { bearer: admin.bearer }),
        )
        expect(page.items).toHaveLength(count)
      }

      expect(await endExpired(app)).toBe(1)
      expect(await storedPlan(app, person.id)).toMatchObject({
        plan: 'free',
        status: 'active',
        role: 'user',
        version: Number(before?.version) + 1,
      })
      const history = await sql`
        select plan, status, started_at, ended_at, substr(id::text, 15, 1) as id_version from user_subscriptions
         where account_id = ${person.id} and (plan = 'professional' or ended_at is null) order by started_at`
      expect(history).toEqual([
        { plan: 'professional', status: 'expired', startedAt: history[0]?.startedAt, endedAt: end, idVersion: '7' },
        { plan: 'free', status: 'active', startedAt: end, endedAt: null, idVersion: '7' },
      ] as never)
      expect(await read(person.bearer)).toEqual(seen)
      const [told] =
        await sql`select role, plan, pex, status from authz_changes where account_id = ${person.id} order by id desc limit 1`
      expect(told).toEqual({ role: 'user', plan: 'free', pex: null, status: 'active' } as never)
      expect(await endExpired(app)).toBe(0)
    })
  })

describe('a plan with an end', () => {
  /** The same for a token that says so itself, and for one of before that a recent change has overtaken. */
  test('lasts to its second and not a second longer, in the claims and in the recent changes', async () => {
    clock.offsetMs = 0
    const person = await signedIn(app)
    expect((await give(person.id, '/subscription', { plan: 'professional', endsAt: iso(300_000) })).status).toBe(200)
    const { accessToken } = await logIn(app, person)
    const pex = Number(claimsOf(accessToken).pex)
    const moveTo = (seconds: number) => {
      clock.offsetMs = (pex + seconds) * 1000 - Date.now()
    }
    for (const bearer of [person.bearer, accessToken]) {
      moveTo(-10)
      expect((await insights(bearer)).status).toBe(200)
      moveTo(0)
      await expectProblem(await insights(bearer), 'feature-not-in-plan')
      expect(await bodyOf(await request('/v1/me/entitlements', { bearer }))).toMatchObject({
        plan: 'free',
        role: 'user',
        privilegeLevel: 10,
      })
    }
    clock.offsetMs = 0
  })

  test('leaves an administrator an administrator, when it begins, when it ends and when a job sees it', async () => {
    clock.offsetMs = 0
    const root = await signedIn(app, { role: 'superadmin' })
    for (const role of ['admin', 'superadmin', 'guest']) {
      const person = await signedIn(app, { role })
      const json = { plan: 'business', endsAt: iso(day * 1000), reason: 'agreed' }
      expect(
        (await request(`/v1/admin/users/${person.id}/subscription`, { method: 'PUT', bearer: root.bearer, json }))
          .status,
      ).toBe(200)
      expect(await storedPlan(app, person.id)).toMatchObject({ plan: 'business', role })
      await endedAgo(app, person.id, 5)
      expect(claimsOf((await logIn(app, person)).accessToken)).toMatchObject({ plan: 'free', role })
      await endExpired(app)
      expect(await storedPlan(app, person.id)).toMatchObject({ plan: 'free', role })
      expect(
        (await request('/v1/subscription', { bearer: person.bearer, json: { plan: 'starter', interval: 'month' } }))
          .status,
      ).toBe(200)
      expect((await request('/v1/subscription', { method: 'DELETE', bearer: person.bearer })).status).toBe(200)
      expect(await storedPlan(app, person.id)).toMatchObject({ plan: 'starter', role })
    }
  })

  test('that has run out is put right, and made known, by the next change even if that is refused', async () => {
    clock.offsetMs = 0
    const person = await signedIn(app)
    await trial(person.bearer)
    await endedAgo(app, person.id, 60)
    await expectProblem(await trial(person.bearer), 'checkout-unavailable')
    const row = await storedPlan(app, person.id)
    const [last] =
      await sql`select version::int, role, plan from authz_changes where account_id = ${person.id} order by id desc limit 1`
    expect(row).toMatchObject({ plan: 'free', role: 'user' })
    expect(last).toEqual({ version: row?.version, role: 'user', plan: 'free' } as never)
    expect(await read(person.bearer)).toMatchObject({ plan: { name: 'free' } })
  })

  test('is not ended by a job that comes while it is being replaced', async () => {
    clock.offsetMs = 0
    const people = await Promise.all(Array.from({ length: 10 }, () => signedIn(app)))
    for (const { id, bearer } of people) {
      await trial(bearer)
      await endedAgo(app, id, 60)
    }
    const grants = people.map(({ id }) => give(id, '/subscription', { plan: 'business', endsAt: iso(day * 1000) }))
    await Promise.all([...grants, endExpired(app), endExpired(app)])
    for (const { id } of people)
      expect(await storedPlan(app, id)).toMatchObject({ plan: 'business', role: 'subscriber' })
  })
})

test('what has no end never ends, and the job touches nobody else', async () => {
  clock.offsetMs = 0
  const person = await signedIn(app)
  await give(person.id, '/subscription', { plan: 'enterprise' })
  await give(person.id, '/features/sso_oauth', { granted: false })
  const before = await storedPlan(app, person.id)
  expect(await endExpired(app)).toBe(0)
  expect(await storedPlan(app, person.id)).toEqual(before)
})

test('more than one run takes are all ended by the runs that follow', async () => {
  clock.offsetMs = 0
  await manyDue(app, 300)
  expect([await endExpired(app), await endExpired(app), await endExpired(app)]).toEqual([250, 50, 0])
})
