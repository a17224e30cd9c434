import { describe, expect, test } from 'bun:test'
import { givenAccount, logIn, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const profile = {
  firstName: 'Asha',
  lastName: 'Rao',
  phoneNumber: '+919845012345',
  language: 'hi-IN',
  timezone: 'Asia/Kolkata',
}
const read = async (bearer: string) => bodyOf<SessionJson['user']>(await request('/v1/me', { bearer }))
const change = (bearer: string, json: unknown) => request('/v1/me', { method: 'PATCH', bearer, json })
const updates = (id: string) =>
  sql`select details from audit_logs where action = 'profile.update' and entity_id = ${id}`

test('a person reads exactly themselves: what log-in said of them', async () => {
  const account = await givenAccount(app, { plan: 'business', role: 'subscriber' })
  const { user, accessToken } = await logIn(app, account)
  expect(await read(accessToken)).toEqual(user)
  expect(user).toMatchObject({
    id: account.id,
    email: account.email,
    role: 'subscriber',
    privilegeLevel: 50,
    plan: { name: 'business', displayName: 'Business', tier: 70 },
  })
  expect(user.lastLoginAt).not.toBeNull()
})

describe('a change of the profile', () => {
  test('changes what is given and keeps the rest', async () => {
    const person = await registered(app, profile)
    const answer = await change(person.accessToken, { lastName: 'Iyer' })
    expect(answer.status).toBe(200)
    expect(await bodyOf(answer)).toEqual<unknown>({ ...person.user, lastName: 'Iyer' })
    expect(await read(person.accessToken)).toEqual({ ...person.user, lastName: 'Iyer' })
  })

  test('clears with null what may be empty, and only that', async () => {
    const person = await registered(app, profile)
    expect(
      await bodyOf(await change(person.accessToken, { firstName: null, lastName: null, phoneNumber: null })),
    ).toMatchObject({ firstName: null, lastName: null, phoneNumber: null, language: 'hi-IN' })
    for (const key of ['language', 'timezone'])
      await expectProblem(await change(person.accessToken, { [key]: null }), 'validation-failed')
  })

  test('of nothing is 200 and writes nothing', async () => {
    const person = await registered(app, profile)
    const row = () => sql`select xmin::text, updated_at from user_accounts where id = ${person.id}`
    const before = await row()
    for (const json of [{}, { firstName: 'Asha' }, profile])
      expect(await bodyOf(await change(person.accessToken, json))).toEqual<unknown>(person.user)
    expect(await row()).toEqual(before)
    expect(await updates(person.id)).toHaveLength(0)
  })

  test('is audited by the names of the fields; their values lie apart, to be erased with the person', async () => {
    const person = await registered(app, profile)
    await change(person.accessToken, { lastName: 'Iyer', phoneNumber: null })
    expect(await updates(person.id)).toEqual<unknown>([{ details: { fields: ['lastName', 'phoneNumber'] } }])
    const [side] =
      await sql`select p.account_id, p.data from audit_subjects p join audit_logs l on l.id = p.audit_id where l.action = 'profile.update' and l.entity_id = ${person.id}`
    expect(side).toMatchObject({
      accountId: person.id,
      data: {
        before: { lastName: 'Rao', phoneNumber: '+919845012345' },
        after: { lastName: 'Iyer', phoneNumber: null },
      },
    })
  })

  test('that cannot be recorded is not made', async () => {
    const person = await registered(app, profile)
    await sql.begin(async (tx) => {
      await tx`create function fail() returns trigger language plpgsql as 'begin raise exception $m$a fault$m$; end'`
      await tx`create trigger fail before insert on audit_logs for each row execute function fail()`
    })
    const failed = await change(person.accessToken, { lastName: 'Iyer' })
    await sql`drop function fail() cascade`
    await expectProblem(failed, 'internal-error')
    expect((await read(person.accessToken)).lastName).toBe('Rao')
  })

  test('20 at once lose nothing of one another', async () => {
    const person = await registered(app, profile)
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        change(person.accessToken, i % 2 ? { firstName: `A${i}` } : { lastName: `B${i}` }),
      ),
    )
    const { firstName, lastName } = await read(person.accessToken)
    expect([firstName, lastName]).toEqual<unknown>([expect.stringMatching(/^A\d+$/), expect.stringMatching(/^B\d+$/)])
  })
})

describe('entitlements', () => {
  test('say all that the person may do, to the letter', async () => {
    const { accessToken } = await logIn(app, await givenAccount(app, { plan: 'starter', role: 'subscriber' }))
    const answer = await request('/v1/me/entitlements', { bearer: accessToken })
    const now = new Date()
    expect(await bodyOf(answer)).toEqual({
      plan: 'starter',
      tier: 10,
      role: 'subscriber',
      privilegeLevel: 50,
      permissions: ['dashboard.read', 'payments.read', 'profile.delete', 'profile.read', 'profile.update'],
      features: ['api_access', 'data_export', 'priority_support'],
      limits: { maxUsers: 1, maxApiRequestsPerMonth: 10_000, maxStorageGb: 10, apiRequestsPerMinute: 300 },
      usage: {
        apiRequests: {
          used: 0,
          limit: 10_000,
          resetsAt: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString(),
        },
      },
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
  })

  test('null is unlimited', async () => {
    const { accessToken } = await logIn(app, await givenAccount(app, { plan: 'enterprise' }))
    expect(await bodyOf(await request('/v1/me/entitlements', { bearer: accessToken }))).toMatchObject({
      limits: { maxUsers: null, maxApiRequestsPerMonth: null, maxStorageGb: null, apiRequestsPerMinute: 3_000 },
      usage: { apiRequests: { limit: null } },
    })
    expect(await bodyOf(await request('/v1/entitlements/white_label', { bearer: accessToken }))).toEqual({
      feature: 'white_label',
      granted: true,
      limit: null,
    })
  })

  test('of a feature that does not exist: 404, with or without a plan', async () => {
    const { accessToken } = await logIn(app, await givenAccount(app, { plan: 'enterprise' }))
    for (const feature of ['no_such', 'PREMIUM_DASHBOARD', 'constructor', '__proto__', 'toString'])
      await expectProblem(await request(`/v1/entitlements/${feature}`, { bearer: accessToken }), 'not-found')
    await expectProblem(await request('/v1/entitlements/no_such'), 'authentication-required')
  })
})
