import { describe, expect, test } from 'bun:test'
import { signedIn } from '../../support/administration.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { expectProblem } from '../../support/problems.ts'
import { endedAgo } from '../../support/subscriptions.ts'

const app = await openTestApp()
const { request, sql } = app

type Explanation = { granted: boolean; chain: { kind: string; name: string; detail: string }[] }

const root = await signedIn(app, { role: 'superadmin' })
const admin = await signedIn(app, { role: 'admin' })
const ask = (id: string, query: string, bearer = admin.bearer) =>
  request(`/v1/admin/users/${id}/explain?${query}`, { bearer })

async function explained(id: string, query: string): Promise<Explanation> {
  const answer = await ask(id, query)
  expect(answer.status).toBe(200)
  return bodyOf<Explanation>(answer)
}

const kinds = ({ chain }: Explanation) => chain.map(({ kind, name }) => `${kind} ${name}`)
const give = (id: string, path: string, json: object) =>
  request(`/v1/admin/users/${id}${path}`, { method: 'PUT', bearer: root.bearer, json: { reason: 'agreed', ...json } })

/** The explanation must say what the guards do. */
async function expectTrue(explanation: Explanation, bearer: string, feature: string): Promise<void> {
  const { status } = await request(`/v1/entitlements/${feature}`, { bearer })
  expect(explanation.granted).toBe(status === 200)
}

describe('why an account holds a permission, or does not', () => {
  test('is told by its role, the level of that, and the permission', async () => {
    const person = await signedIn(app)
    const held = await explained(person.id, 'permission=profile.read')
    expect(held.granted).toBe(true)
    expect(kinds(held)).toEqual([`account ${person.id}`, 'role user', 'level 10', 'permission profile.read'])
    const lacking = await explained(person.id, 'permission=users.manage')
    expect(lacking.granted).toBe(false)
    expect(lacking.chain.at(-1)?.detail).toContain('not held')
    expect((await explained(admin.id, 'permission=users.manage')).granted).toBe(true)
  })

  test('a subscriber whose plan lapsed counts as a user', async () => {
    const person = await signedIn(app)
    await give(person.id, '/subscription', { plan: 'starter', endsAt: new Date(Date.now() + 60_000).toISOString() })
    expect(kinds(await explained(person.id, 'permission=profile.read'))).toContain('role subscriber')
    await endedAgo(app, person.id, 10)
    expect(kinds(await explained(person.id, 'permission=profile.read'))).toEqual([
      `account ${person.id}`,
      'expiry starter',
      'role user',
      'level 10',
      'permission profile.read',
    ])
  })
})

describe('why an account has a feature, or does not', () => {
  test('is told by its plan and what that includes', async () => {
    const person = await signedIn(app)
    for (const [feature, included] of [
      ['api_access', true],
      ['sso_oauth', false],
    ] as const) {
      const explanation = await explained(person.id, `feature=${feature}`)
      expect(kinds(explanation)).toEqual([`account ${person.id}`, 'plan free', `feature ${feature}`])
      expect(explanation.granted).toBe(included)
      await expectTrue(explanation, person.bearer, feature)
    }
  })

  test('by its override, one that grants and one that refuses, and when that ends', async () => {
    const person = await signedIn(app)
    const endsAt = new Date(Date.now() + 3_600_000).toISOString()
    await give(person.id, '/features/sso_oauth', { granted: true, expiresAt: endsAt })
    await give(person.id, '/features/api_access', { granted: false })
    const granting = await explained(person.id, 'feature=sso_oauth')
    expect(kinds(granting)).toEqual([
      `account ${person.id}`,
      'plan free',
      'feature sso_oauth',
      'override sso_oauth',
      'expiry sso_oauth',
    ])
    expect(granting.chain.at(-1)?.detail).toStartWith('lasts until')
    await expectTrue(granting, person.bearer, 'sso_oauth')
    const refusing = await explained(person.id, 'feature=api_access')
    expect(kinds(refusing)).toEqual([`account ${person.id}`, 'plan free', 'feature api_access', 'override api_access'])
    expect([refusing.granted, granting.granted]).toEqual([false, true])
    await expectTrue(refusing, person.bearer, 'api_access')
    await endedAgo(app, person.id, 10)
    expect(kinds(await explained(person.id, 'feature=sso_oauth'))).toEqual([
      `account ${person.id}`,
      'plan free',
      'feature sso_oauth',
    ])
  })

  test('by the end of its plan, before and after', async () => {
    const person = await signedIn(app)
    await give(person.id, '/subscription', { plan: 'business', endsAt: new Date(Date.now() + 3_600_000).toISOString() })
    const before = await explained(person.id, 'feature=sso_oauth')
    expect(kinds(before)).toEqual([`account ${person.id}`, 'plan business', 'expiry business', 'feature sso_oauth'])
    await expectTrue(before, person.bearer, 'sso_oauth')
    await endedAgo(app, person.id, 10)
    const after = await explained(person.id, 'feature=sso_oauth')
    expect(after.granted).toBe(false)
    expect(after.chain[2]?.detail).toStartWith('lapsed')
    expect(after.chain[3]?.detail).toContain('not included in the plan free')
  })
})

test('nothing is granted to an account that is locked', async () => {
  const person = await signedIn(app)
  await request(`/v1/admin/users/${person.id}/lock`, { bearer: admin.bearer, json: { reason: 'asked for' } })
  for (const query of ['permission=profile.read', 'feature=api_access']) {
    const explanation = await explained(person.id, query)
    expect(explanation.granted).toBe(false)
    expect(explanation.chain[0]?.detail).toContain('locked')
  }
})

test('an account, a permission or a feature that nobody knows is 404; one of the two must be asked for', async () => {
  await expectProblem(await ask(Bun.randomUUIDv7(), 'permission=profile.read'), 'not-found')
  await expectProblem(await ask(admin.id, 'permission=profile.fly'), 'not-found')
  await expectProblem(await ask(admin.id, 'feature=teleportation'), 'not-found')
  for (const query of ['', 'permission=profile.read&feature=api_access', 'feature=api_access&role=admin'])
    await expectProblem(await ask(admin.id, query), 'validation-failed')
})

test('that somebody looked stands in the trail', async () => {
  const person = await signedIn(app)
  await explained(person.id, 'feature=sso_oauth')
  const [line] =
    await sql`select actor_id, entity_id, details from audit_logs where action = 'account.explain' order by id desc limit 1`
  expect(line).toEqual({ actorId: admin.id, entityId: person.id, details: { feature: 'sso_oauth' } } as never)
})
