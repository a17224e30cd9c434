import { describe, expect, test } from 'bun:test'
import { recordAuthzChange } from '../../src/changes/record.ts'
import { consumeQuota } from '../../src/quotas/quotas.ts'
import { logIn } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { openTestApp, type TestApp } from '../support/app.ts'
import { makeKnown, reloadCatalogue } from '../support/guarded.ts'
import { reasonOf } from '../support/open-database.ts'
import { expectProblem } from '../support/problems.ts'
import { createGrant, givenKeyHolder, readApiRequests, readQuotaRows } from '../support/quotas.ts'
import { givenTeam, join } from '../support/teams.ts'

const app = await openTestApp({ DB_POOL_MAX: '20' })
const { sql } = app
await sql`
  insert into subscription_plans (name, display_name, description, tier, max_users, max_api_requests_per_month)
  values ('clinic', 'Clinic', '', 60, 10, 10000), ('ward', 'Ward', '', 61, 10, 40), ('campus', 'Campus', '', 62, 10, null)`
await sql`
  insert into plan_features (plan, feature) select plan, feature from unnest('{clinic,ward,campus}'::text[]) plan, unnest('{api_access,team_collaboration}'::text[]) feature`
await reloadCatalogue(app)
const beside = () => openTestApp({ DATABASE_URL: app.databaseUrl, DB_POOL_MAX: '20' })
const grant = createGrant(app, (await signedIn(app, { role: 'superadmin' })).bearer)

const path = '/v1/entitlements/api_access'
const keyOf = async ({ id }: { id: string }) => (await givenApiKey(app, id)).key
async function ask(on: TestApp, bearer: string, times = 1): Promise<number> {
  let passed = 0
  for (let i = 0; i < times; i++) {
    const { status } = await on.request(path, { bearer })
    expect(status).toBeOneOf([200, 429])
    if (status === 200) passed++
  }
  return passed
}

/** A team on a plan, and the key of everybody in it, the owner's first. */
async function givenKeyHolders(plan: string, members: number) {
  const team = await givenTeam(app, { plan, members })
  const people = [team.owner, ...team.members]
  const keys = await Promise.all(people.map(keyOf))
  const person = (index: number) => ({ id: people[index]?.id ?? '', key: keys[index] ?? '' })
  return { ...team, people, keys, person }
}

async function leave(accountId: string): Promise<void> {
  await sql.begin(async (tx) => {
    await tx`select lock_teams(array[${accountId}::uuid])`
    await tx`delete from team_members where account_id = ${accountId}`
    await recordAuthzChange(tx, { accountId })
  })
}

test('of a team’s quota of 10,000, attacked by five members over three instances at once, exactly 10,000 pass', async () => {
  const { owner, keys } = await givenKeyHolders('clinic', 5)
  const instances = [app, await beside(), await beside()]
  let left = 12_000
  let passed = 0
  const attack = async (turn: number): Promise<void> => {
    const [on = app, key = ''] = [instances[turn % 3], keys[1 + (turn % 5)]]
    while (left-- > 0) {
      const one = await ask(on, key)
      passed += one
    }
  }
  await Promise.all(Array.from({ length: 60 }, (_, turn) => attack(turn)))
  expect(passed).toBe(10_000)
  for (const on of instances)
    for (const key of keys) await expectProblem(await on.request(path, { bearer: key }), 'quota-exceeded')
  const { used, drawn } = await readQuotaRows(app, owner.id)
  expect(used + drawn).toBe(10_000)
})

describe('a member', () => {
  test('uses the team’s quota and sees it; whoever leaves has their own again, and joining brings nothing along', async () => {
    const { id, owner, person } = await givenKeyHolders('ward', 1)
    const [head, member] = [person(0), person(1)]
    const guest = await givenKeyHolder(app)
    expect(await ask(app, guest.key, 30)).toBe(30)
    expect(await ask(app, head.key, 10)).toBe(10)
    expect(await ask(app, member.key, 5)).toBe(5)
    await join(app, id, guest.id)
    expect(await ask(app, guest.key, 4)).toBe(4)
    // Each of the three that ask is counted itself.
    expect(await readApiRequests(app, guest.key)).toMatchObject({ used: 20, limit: 40 })
    expect(await readApiRequests(app, head.key)).toMatchObject({ used: 21, limit: 40 })
    const { accessToken } = await logIn(app, owner)
    expect(await readApiRequests(app, accessToken)).toMatchObject({ used: 21, limit: 40 })
    await leave(guest.id)
    expect(await readApiRequests(app, guest.key)).toMatchObject({ used: 31, limit: 100 })
    expect(await ask(app, member.key, 30)).toBe(19)
    expect(await ask(app, guest.key)).toBe(1)
    const refused = await expectProblem(await app.request(path, { bearer: head.key }), 'quota-exceeded')
    expect(refused).toMatchObject({ used: 40, limit: 40 })
  })

  test('costs not one statement while units are left', async () => {
    const { keys } = await givenKeyHolders('clinic', 2)
    const quiet = await beside()
    await quiet.deps.feed.stop()
    const stats = () => ({ ...quiet.deps.leases.stats(), ...quiet.deps.db.stats() })
    for (const key of keys) await ask(quiet, key, 20)
    const before = stats()
    for (let i = 0; i < 100; i++) for (const key of keys) expect(await ask(quiet, key)).toBe(1)
    const after = stats()
    expect(after.refills - before.refills).toBeLessThanOrEqual(8)
    expect(after.queries - before.queries).toBe(after.refills - before.refills + after.upkeep - before.upkeep)
  })

  test('has their own counter where an administrator set a limit for them', async () => {
    const { owner, person } = await givenKeyHolders('ward', 1)
    const [head, member] = [person(0), person(1)]
    expect(await ask(app, head.key, 10)).toBe(10)
    await grant(member.id, '/features/api_access', { granted: true, limit: 3 })
    expect(await ask(app, member.key, 5)).toBe(3)
    expect(await expectProblem(await app.request(path, { bearer: member.key }), 'quota-exceeded')).toMatchObject({
      used: 3,
      limit: 3,
      upgrade: null,
    })
    await app.deps.leases.flush()
    expect((await readQuotaRows(app, owner.id)).spent).toBe(10)
  })

  test('of a team that ended with its owner is told to ask again, until this instance heard of it', async () => {
    const { owner, person } = await givenKeyHolders('ward', 1)
    const { id: accountId } = person(1)
    await sql`update user_accounts set status = 'deleted', deleted_at = now(), email = null, password_hash = null where id = ${owner.id}`
    const principal = { accountId, payerId: owner.id, plan: 'ward', overrides: {} }
    const reason = await reasonOf(Promise.resolve().then(() => consumeQuota(app.deps, principal)))
    expect(reason).toMatchObject({ code: 'authorisation-stale' })
  })
})

describe('a limit that an administrator set for the owner is the team’s', () => {
  test.each(['ward', 'campus'])('on the plan %s, from the next request on', async (plan) => {
    const { owner, person } = await givenKeyHolders(plan, 2)
    const [head, one, other] = [person(0), person(1), person(2)]
    await grant(owner.id, '/features/api_access', { granted: true, limit: 12 })
    expect(await ask(app, one.key, 5)).toBe(5)
    expect(await ask(app, other.key, 5)).toBe(5)
    expect(await readApiRequests(app, one.key)).toMatchObject({ used: 11, limit: 12 })
    expect(await ask(app, head.key, 5)).toBe(1)
    expect(await expectProblem(await app.request(path, { bearer: one.key }), 'quota-exceeded')).toMatchObject({
      limit: 12,
      upgrade: null,
    })
    await grant(owner.id, '/features/api_access', { granted: true, limit: 14 })
    expect(await ask(app, one.key, 5)).toBe(2)
    await sql`delete from account_features where account_id = ${owner.id}`
    await makeKnown(app, owner.id)
    expect(await ask(app, other.key, 5)).toBe(5)
  })

  test('until it ends', async () => {
    const { owner, person } = await givenKeyHolders('ward', 1)
    const until = new Date(Date.now() + 3_600_000).toISOString()
    await grant(owner.id, '/features/api_access', { granted: true, limit: 2, expiresAt: until })
    expect(await ask(app, person(1).key, 5)).toBe(2)
    await sql`update account_features set expires_at = clock_timestamp() - interval '1 minute' where account_id = ${owner.id}`
    app.clock.advance(3_601)
    try {
      expect(await ask(app, person(1).key, 5)).toBe(5)
    } finally {
      app.clock.advance(-3_601)
    }
  })
})
