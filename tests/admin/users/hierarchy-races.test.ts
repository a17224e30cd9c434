import { expect, test } from 'bun:test'
import { assignRole, lock } from '../../../src/admin/users/users.ts'
import type { Tx } from '../../../src/db/types.ts'
import { AppError } from '../../../src/errors/app-error.ts'
import { givenAccount } from '../../support/accounts.ts'
import { actingAs, signedIn } from '../../support/administration.ts'
import { openTestApp } from '../../support/app.ts'

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
      settle(assignRole(deps, actingAs(one), two, 'user')),
      settle(assignRole(deps, actingAs(two), one, 'user')),
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
          settle(lock(deps, actingAs(actor), target, 'asked for')),
          settle(assignRole(deps, actingAs(actor), target, 'admin')),
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

/** Begins `act` while a transaction that has done `edit` to roles is still open, ends that, and says how the act went. */
async function actDuring(edit: (tx: Tx) => Promise<unknown>, act: () => Promise<unknown>): Promise<unknown> {
  let outcome: Promise<unknown> | undefined
  await sql.begin(async (tx) => {
    await edit(tx)
    let settled = false
    outcome = settle(act()).finally(() => {
      settled = true
    })
    while (!settled && !(await isAnybodyWaiting())) await Bun.sleep(5)
  })
  return outcome
}

/** Asked outside of the transaction, which would see one moment only. */
async function isAnybodyWaiting(): Promise<boolean> {
  const rows = await sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  return rows.length > 0
}

test('an edit of the own role that is under way is waited for, and obeyed', async () => {
  await sql`insert into roles (name, privilege_level) values ('lead', 80)`
  await sql`insert into role_permissions values ('lead', 'users.manage')`
  const [lead = '', person = ''] = await givenMany(2)
  await sql`update user_accounts set role = 'lead' where id = ${lead}`
  const lower = (tx: Tx) => tx`update roles set privilege_level = 5 where name = 'lead'`
  expect(await actDuring(lower, () => lock(deps, actingAs(lead), person, 'asked for'))).toBe('privilege-escalation')
  await sql`update roles set privilege_level = 80 where name = 'lead'`
  const strip = async (tx: Tx) => {
    await tx`select 1 from roles where name = 'lead' for update`
    await tx`delete from role_permissions where role = 'lead'`
  }
  expect(await actDuring(strip, () => lock(deps, actingAs(lead), person, 'asked for'))).toBe('permission-denied')
})

test('a role that gains a permission while somebody waits to grant it is judged as it is by then', async () => {
  await sql`insert into roles (name, privilege_level) values ('helper', 30)`
  const [admin = '', person = ''] = await givenMany(2)
  await sql`update user_accounts set role = 'admin' where id = ${admin}`
  const arm = async (tx: Tx) => {
    await tx`select 1 from roles where name = 'helper' for update`
    await tx`insert into role_permissions values ('helper', 'settings.manage')`
  }
  expect(await actDuring(arm, () => assignRole(deps, actingAs(admin), person, 'helper'))).toBe('privilege-escalation')
  expect(await sql`select role from user_accounts where id = ${person}`).toEqual([{ role: 'user' }] as never)
})
