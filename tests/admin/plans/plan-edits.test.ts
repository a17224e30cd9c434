import { describe, expect, test } from 'bun:test'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app

const root = await signedIn(app, { role: 'superadmin' })

function ask(method: string, path: string, json: unknown, bearer = root.bearer): Promise<Response> {
  return request(`/v1/admin${path}`, { method, bearer, json })
}

let made = 0
/** A plan as the interface makes it, of a tier of its own. */
async function givenPlan(more: object = {}) {
  made += 1
  const answer = await ask('POST', '/plans', { name: `made_${made}`, displayName: 'Made', tier: 200 + made, ...more })
  expect(answer.status).toBe(201)
  return bodyOf<{ name: string; tier: number; limits: object }>(answer)
}

/** What an edit leaves behind, whether it is refused or changes nothing. */
async function traces() {
  const [row] = await sql`
    select (select version::int from catalogue_version) as version, (select count(*)::int from authz_changes) as changes,
           (select count(*)::int from audit_logs where entity_type in ('plan', 'feature')) as trail`
  return row
}

describe('an edit of a plan', () => {
  test('reaches tokens that are out there at their next request: what it includes, its limits and its tier', async () => {
    const plan = await givenPlan()
    const person = await signedIn(app, { plan: plan.name })
    const entitled = () => request('/v1/entitlements/sso_oauth', { bearer: person.bearer })
    await expectProblem(await entitled(), 'feature-not-in-plan')
    const features = [{ name: 'sso_oauth', limit: 3 }, { name: 'api_access' }]
    expect(await bodyOf(await ask('PUT', `/plans/${plan.name}/features`, { features }))).toMatchObject({
      features: [
        { name: 'api_access', limit: null },
        { name: 'sso_oauth', limit: 3 },
      ],
    })
    expect(await bodyOf(await entitled())).toEqual({ feature: 'sso_oauth', granted: true, limit: 3 })
    await ask('PATCH', `/plans/${plan.name}`, { tier: 900, maxUsers: 7 })
    expect(await bodyOf(await request('/v1/me/entitlements', { bearer: person.bearer }))).toMatchObject({
      tier: 900,
      limits: { maxUsers: 7 },
    })
    await ask('PUT', `/plans/${plan.name}/features`, { features: [] })
    await expectProblem(await entitled(), 'feature-not-in-plan')
  })

  test('changes what it names and no more; null takes a limit away and clears a description; {} changes nothing', async () => {
    const plan = await givenPlan({ description: 'For trying', maxUsers: 5, maxStorageGb: 5 })
    const changed = { ...plan, description: '', limits: { ...plan.limits, maxUsers: null } }
    const edit = (json: object) => ask('PATCH', `/plans/${plan.name}`, json)
    expect(await bodyOf(await edit({ description: null, maxUsers: null }))).toEqual(changed)
    const before = await traces()
    expect(await bodyOf(await edit({}))).toEqual(changed)
    expect(await bodyOf(await edit({ tier: plan.tier }))).toEqual(changed)
    expect(await traces()).toEqual(before)
  })

  test('is refused whole: half a price, a name or a tier that is taken, the end of free, an unknown feature', async () => {
    const { name } = await givenPlan()
    const before = await traces()
    await expectProblem(await ask('PATCH', `/plans/${name}`, { priceMonthlyMinor: 5 }), 'validation-failed')
    const again = await ask('POST', '/plans', { name, displayName: 'Again', tier: 199 })
    expect(await expectProblem(again, 'already-exists')).toMatchObject({ field: 'name' })
    const taken = await ask('PATCH', `/plans/${name}`, { tier: 10, description: 'No' })
    expect(await expectProblem(taken, 'already-exists')).toMatchObject({ field: 'tier' })
    await expectProblem(await ask('PATCH', '/plans/free', { retired: true }), 'seeded')
    const prices = { priceMonthlyMinor: 5, priceYearlyMinor: 50 }
    await expectProblem(await ask('PATCH', '/plans/free', prices), 'validation-failed')
    const include = (...features: string[]) =>
      ask('PUT', `/plans/${name}/features`, { features: features.map((feature) => ({ name: feature })) })
    await expectProblem(await include('sso_oauth', 'teleportation'), 'validation-failed')
    await expectProblem(await include('sso_oauth', 'sso_oauth'), 'validation-failed')
    await expectProblem(await ask('PATCH', '/plans/nowhere', {}), 'not-found')
    expect(await traces()).toEqual(before)
  })
})

describe('a public text', () => {
  test('as the name of a plan or a feature has at least one visible character, and none that hides or misleads', async () => {
    for (const displayName of ['', ' ', '\u200b', 'Pro\u202e', 'Pro\u0007', 'Pro\nfree', '\u3164', 'a'.repeat(101)]) {
      await expectProblem(await ask('PATCH', '/plans/starter', { displayName }), 'validation-failed')
      await expectProblem(await ask('PATCH', '/features/sso_oauth', { displayName }), 'validation-failed')
      const feature = { name: 'fresh', displayName, category: 'fresh' }
      await expectProblem(await ask('POST', '/features', feature), 'validation-failed')
      await expectProblem(await ask('POST', '/plans', { name: 'fresh', displayName, tier: 1 }), 'validation-failed')
    }
    const displayName = `प्रो 👩‍👩‍👧 ${'𝔛'.repeat(80)}`
    expect(await bodyOf(await ask('PATCH', '/plans/starter', { displayName }))).toMatchObject({ displayName })
  })
})

test('no name that every object of JavaScript has becomes that of a plan, a feature or a role', async () => {
  for (const name of ['constructor', '__proto__', 'hasOwnProperty']) {
    await expectProblem(await ask('POST', '/features', { name, displayName: 'F', category: 'x' }), 'validation-failed')
    await expectProblem(await ask('POST', '/plans', { name, displayName: 'P', tier: 1 }), 'validation-failed')
    const role = { name, description: '', privilegeLevel: 1 }
    await expectProblem(await ask('POST', '/roles', role), 'validation-failed')
  }
})
