import { expect, test } from 'bun:test'
import { setPermissions } from '../../src/access/roles.ts'
import { assignRole, lock } from '../../src/accounts/people.ts'
import { AppError } from '../../src/errors.ts'
import { givenAccount } from '../support/accounts.ts'
import { actingAs, client, signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'

const app = await openTestApp({ DB_POOL_MAX: '20' })
const { deps, sql, request } = app

/** Accounts without the cost of a password each. */
async function givenMany(count: number): Promise<string[]> {
  const { id: model } = await givenAccount(app)
  const ids = Array.from({ length: count }, () => Bun.randomUUIDv7())
  await sql`
    insert into user_accounts (id, email, password_hash)
    select id, id || '@people.test', (select password_hash from user_accounts where id = ${model}) from unnest(${ids}::uuid[]) id`
  await sql`insert into user_subscriptions (id, account_id, plan, status) select gen_random_uuid(), id, 'free', 'active' from unnest(${ids}::uuid[]) id`
  return ids
}

/** The code of a refusal, or the result. */
const settle = <T>(work: Promise<T>) =>
  work.catch((error: unknown) => (error instanceof AppError ? error.code : Promise.reject(error)))

async function countSuperadmins(): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from user_accounts where role = 'superadmin' and status = 'active'`
  return row?.count ?? 0
}

/** The rows of the feed stand in the order in which the acts held the actor's row, which each of them locks. */
async function changesAfter(id: string, accounts: string[]): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::int from authz_changes where id > ${id}::bigint and account_id = any(${accounts}::uuid[])`
  return row?.count ?? Number.NaN
}

test('two superadmins who demote each other, 100 times at once: one is always left', async () => {
  const [one = '', two = ''] = await givenMany(2)
  await sql`update user_accounts set role = 'superadmin' where id = any(${[one, two]}::uuid[])`
  for (let round = 0; round < 100; round++) {
    const outcomes = await Promise.all([
      settle(assignRole(deps, actingAs(one), two, 'user', client)),
      settle(assignRole(deps, actingAs(two), one, 'user', client)),
    ])
    expect(await countSuperadmins()).toBe(1)
    // The one who came second finds the own authority gone, or is the last.
    expect(outcomes.filter((outcome) => outcome === 'permission-denied' || outcome === 'last-superadmin')).toHaveLength(
      1,
    )
    await sql`update user_accounts set role = 'superadmin' where id = any(${[one, two]}::uuid[])`
  }
})

test('three superadmins who each remove themselves and each other by every means: one is always left', async () => {
  const ids = await givenMany(3)
  for (let round = 0; round < 20; round++) {
    await sql`update user_accounts set role = 'superadmin', status = 'active', locked_reason = null where id = any(${ids}::uuid[])`
    await sql`update user_accounts set role = 'user' where role = 'superadmin' and not id = any(${ids}::uuid[])`
    await Promise.all(
      ids.flatMap((actor) =>
        ids.flatMap((target) => [
          settle(lock(deps, actingAs(actor), target, 'asked for', client)),
          settle(assignRole(deps, actingAs(actor), target, 'admin', client)),
        ]),
      ),
    )
    expect(await countSuperadmins()).toBe(1)
  }
})

test('an administrator demoted while sending 200 grants: none commits after the demotion', async () => {
  await givenAccount(app, { role: 'superadmin' })
  const root = await signedIn(app, { role: 'superadmin' })
  const admin = await signedIn(app, { role: 'admin' })
  const targets = await givenMany(200)
  const grants = targets.map((id, index) => async () => {
    const answer = await request(`/v1/admin/users/${id}/role`, {
      method: 'PUT',
      bearer: admin.bearer,
      json: { role: 'subscriber' },
    })
    if (index === 60)
      void demotion.resolve(
        request(`/v1/admin/users/${admin.id}/role`, { method: 'PUT', bearer: root.bearer, json: { role: 'user' } }),
      )
    return answer.status
  })
  const demotion = Promise.withResolvers<Response>()
  const statuses: number[] = []
  const workers = Array.from({ length: 12 }, async () => {
    for (let grant = grants.shift(); grant; grant = grants.shift()) statuses.push(await grant())
  })
  expect((await demotion.promise).status).toBe(200)
  await Promise.all(workers)
  expect(statuses).toHaveLength(200)
  expect(new Set(statuses)).toEqual(new Set([200, 403]))
  const [demoted] = await sql<
    { id: string }[]
  >`select id::text from authz_changes where account_id = ${admin.id} and role = 'user' order by id desc limit 1`
  expect(await changesAfter(demoted?.id ?? '', targets)).toBe(0)
  const [granted] = await sql<
    { count: number }[]
  >`select count(*)::int from user_accounts where id = any(${targets}::uuid[]) and role = 'subscriber'`
  expect(granted?.count).toBe(statuses.filter((status) => status === 200).length)
})

test('a role stripped of its permission while its holders act: none of their acts commits after it', async () => {
  await sql`insert into roles (name, privilege_level) values ('lead', 80)`
  await sql`insert into role_permissions values ('lead', 'users.manage')`
  const [root = '', ...holders] = await givenMany(6)
  await sql`update user_accounts set role = 'superadmin' where id = ${root}`
  await sql`update user_accounts set role = 'lead' where id = any(${holders}::uuid[])`
  const targets = await givenMany(150)
  const outcomes: unknown[] = []
  const begun = Promise.withResolvers<void>()
  const waiting = targets.map((id, index) => ({ id, actor: holders[index % holders.length] ?? '' }))
  const workers = Array.from({ length: 12 }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      outcomes.push(await settle(lock(deps, actingAs(next.actor), next.id, 'asked for', client)))
      if (outcomes.length === 40) begun.resolve()
    }
  })
  await begun.promise
  await setPermissions(deps, actingAs(root), 'lead', [], client)
  await Promise.all(workers)
  expect(new Set(outcomes)).toEqual(new Set([undefined, 'permission-denied']))
  const [stripped] = await sql<
    { id: string }[]
  >`select id::text from authz_changes where kind = 'catalogue' order by id desc limit 1`
  expect(await changesAfter(stripped?.id ?? '', targets)).toBe(0)
})
