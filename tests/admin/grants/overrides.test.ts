import { describe, expect, test } from 'bun:test'
import { logIn } from '../../support/accounts.ts'
import { signedIn, stateOf } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'
import { endExpired, endedAgo, storedPlan } from '../../support/subscriptions.ts'
import { claimsOf } from '../../support/tokens.ts'

const app = await openTestApp()
const { request, clock } = app

const admin = await signedIn(app, { role: 'admin' })
const insights = (bearer: string) => request('/v1/dashboard/insights', { bearer })
const iso = (msAhead: number) => new Date(Date.now() + msAhead).toISOString()
const day = 86_400

function give(id: string, path: string, json: Record<string, unknown>): Promise<Response> {
  return request(`/v1/admin/users/${id}${path}`, {
    method: 'PUT',
    bearer: admin.bearer,
    json: { reason: 'agreed', ...json },
  })
}

describe('an override', () => {
  test('is obeyed by the next request, replaced by the next one, and gone when it is taken away', async () => {
    const person = await signedIn(app)
    const asked = (bearer: string) => request('/v1/entitlements/sso_oauth', { bearer })
    const answer = await give(person.id, '/features/sso_oauth', { granted: true, limit: 25 })
    expect(answer.status).toBe(200)
    expect(await bodyOf(answer)).toMatchObject({
      feature: 'sso_oauth',
      granted: true,
      limit: 25,
      expiresAt: null,
      reason: 'agreed',
    })
    expect(await bodyOf(await asked(person.bearer))).toEqual({ feature: 'sso_oauth', granted: true, limit: 25 })
    expect(claimsOf((await logIn(app, person)).accessToken).ovr).toEqual({ sso_oauth: { g: true, lim: 25 } })
    await give(person.id, '/features/sso_oauth', { granted: false, limit: 25 })
    await expectProblem(await asked(person.bearer), 'feature-not-in-plan')
    const clear = () =>
      request(`/v1/admin/users/${person.id}/features/sso_oauth`, { method: 'DELETE', bearer: admin.bearer })
    expect((await clear()).status).toBe(204)
    await expectProblem(await clear(), 'not-found')
    await expectProblem(await asked(person.bearer), 'feature-not-in-plan')
    expect(claimsOf((await logIn(app, person)).accessToken).ovr).toBeUndefined()
  })

  test('needs a feature that exists, an end that lies ahead, and a reason', async () => {
    const person = await signedIn(app)
    const before = await stateOf(app, person.id)
    await expectProblem(await give(person.id, '/features/teleportation', { granted: true }), 'not-found')
    await expectProblem(await give(person.id, '/features/Sso_oauth', { granted: true }), 'not-found')
    for (const json of [
      { granted: true, expiresAt: iso(-1_000) },
      { granted: true, expiresAt: 'tomorrow' },
      { granted: 'yes' },
      { granted: true, reason: ' ' },
      { granted: true, limit: -1 },
    ])
      await expectProblem(await give(person.id, '/features/sso_oauth', json), 'validation-failed')
    expect(await stateOf(app, person.id)).toEqual(before)
  })
})

describe('an override that ended while the jobs were down for a day', () => {
  for (const granted of [true, false])
    test(`that ${granted ? 'granted' : 'refused'}: the plan decides from its second on, and the job clears the row`, async () => {
      clock.offsetMs = 0
      const person = await signedIn(app, granted ? {} : { plan: 'professional', role: 'subscriber' })
      const expected = (bearer: string, overridden: boolean) =>
        insights(bearer).then(({ status }) => expect(status).toBe(overridden === granted ? 200 : 403))
      expect((await give(person.id, '/features/premium_dashboard', { granted, expiresAt: iso(300_000) })).status).toBe(
        200,
      )
      await expected(person.bearer, true)
      const during = (await logIn(app, person)).accessToken
      await expected(during, true)
      const exp = Object.values(claimsOf(during).ovr as Record<string, { exp: number }>)[0]?.exp ?? 0
      for (const bearer of [person.bearer, during]) {
        clock.offsetMs = (exp - 10) * 1000 - Date.now()
        await expected(bearer, true)
        clock.offsetMs = exp * 1000 - Date.now()
        await expected(bearer, false)
      }
      clock.offsetMs = 0
      await endedAgo(app, person.id, day)
      await expected((await logIn(app, person)).accessToken, false)
      expect(await endExpired(app)).toBe(1)
      expect(await storedPlan(app, person.id)).toMatchObject({ overrides: 0 })
      await app.deps.feed.poll()
      await expected(person.bearer, false)
    })
})
