import { describe, expect, test } from 'bun:test'
import type { Given } from '../support/accounts.ts'
import { actsOn, signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { reloadCatalogue } from '../support/guarded.ts'
import { expectProblem } from '../support/problems.ts'
import { endedAgo } from '../support/subscriptions.ts'

const app = await openTestApp()
const { request, sql } = app
await signedIn(app, { role: 'superadmin' })
const admin = await signedIn(app, { role: 'admin' })

type Person = Given & { bearer: string }

/** Somebody whose trial and one of whose overrides ran out a minute ago; no job has seen it. */
async function givenLapsed(): Promise<Person> {
  const person = await signedIn(app)
  await request('/v1/subscription', { bearer: person.bearer, json: { plan: 'professional', interval: 'month' } })
  await sql`
    insert into account_features (account_id, feature, granted, expires_at, reason)
    values (${person.id}, 'phone_support', true, clock_timestamp() + interval '1 day', 'study')`
  await endedAgo(app, person.id, 60)
  await sql`
    insert into account_features (account_id, feature, granted, reason) values (${person.id}, 'white_label', true, 'study')`
  return person
}

const own: Record<string, (person: Person) => Promise<Response>> = {
  'begins a trial': ({ bearer }) =>
    request('/v1/subscription', { bearer, json: { plan: 'starter', interval: 'month' } }),
  'erases the own account': ({ bearer, password }) =>
    request('/v1/me', { method: 'DELETE', bearer, json: { password } }),
}
const acts = {
  ...Object.fromEntries(
    Object.entries(actsOn)
      // A profile is no standing, but whoever touches it for somebody else is judged by one.
      .map(([name, { path, ...options }]) => [
        name,
        ({ id }: Person) => request(`/v1/admin/users/${id}${path}`, { bearer: admin.bearer, ...options }),
      ]),
  ),
  ...own,
}

describe('a change of an account whose plan has run out', () => {
  for (const [name, act] of Object.entries(acts))
    test(`(${name}) leaves nothing that is over in force, and the feed tells what the tables say`, async () => {
      const person = await givenLapsed()
      expect((await act(person)).status).toBeLessThan(300)
      const [left] = await sql`
        select (select count(*)::int from user_subscriptions where account_id = a.id and ended_at is null and current_period_end <= clock_timestamp()) as plans,
               (select count(*)::int from account_features where account_id = a.id and expires_at <= clock_timestamp()) as overrides,
               a.role = 'subscriber' and a.plan = 'free' as leftover
          from user_accounts a where id = ${person.id}`
      expect(left).toEqual({ plans: 0, overrides: 0, leftover: false } as never)
      const [told] = await sql`
        select (z.authz_version, z.role, z.status, z.plan, z.pex, z.overrides) is not distinct from (c.version, c.role, c.status, c.plan, c.pex, c.overrides) as all
          from account_authz z join authz_changes c on c.account_id = z.id where z.id = ${person.id} order by c.id desc limit 1`
      expect(told).toEqual({ all: true } as never)
    })
})

describe('a role for somebody whose plan has just run out', () => {
  const give = (id: string, role: string) =>
    request(`/v1/admin/users/${id}/role`, { method: 'PUT', bearer: admin.bearer, json: { role } })
  const linesOf = ({ id }: Person) =>
    sql`select details from audit_logs where action = 'account.change_role' and entity_id = ${id}`

  test('is given, answered and audited, though it is the one that still stands there', async () => {
    const person = await givenLapsed()
    const answer = await give(person.id, 'subscriber')
    expect(answer.status).toBe(200)
    expect(await bodyOf(answer)).toMatchObject({ role: 'subscriber', privilegeLevel: 50, plan: { name: 'free' } })
    expect(await linesOf(person)).toEqual([{ details: { from: 'user', to: 'subscriber' } }] as never)
    expect(await bodyOf(await request('/v1/me', { bearer: person.bearer }))).toMatchObject({ role: 'subscriber' })
  })

  test('changes nothing where it is what the plan left behind', async () => {
    const person = await givenLapsed()
    expect(await bodyOf(await give(person.id, 'user'))).toMatchObject({ role: 'user' })
    expect(await linesOf(person)).toHaveLength(0)
  })
})

test('authority by a plan ends with it, whatever is stored', async () => {
  await sql`insert into role_permissions values ('subscriber', 'users.manage')`
  await reloadCatalogue(app)
  const guest = await signedIn(app, { role: 'guest' })
  const lock = (bearer: string) =>
    request(`/v1/admin/users/${guest.id}/lock`, { bearer, json: { reason: 'asked for' } })
  const payer = await signedIn(app, { role: 'subscriber', plan: 'starter', endsAt: new Date(Date.now() + 86_400_000) })
  expect((await lock(payer.bearer)).status).toBe(204)
  await endedAgo(app, payer.id, 1)
  // The token still says so; the row decides.
  await expectProblem(await lock(payer.bearer), 'permission-denied')
})
