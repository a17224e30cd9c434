import { describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, logIn, newEmail } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { ofLongAgo, ofTwoFactors } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql } = app
const another = 'umbrella ceramic walnut drizzle'

type Person = Awaited<ReturnType<typeof givenPerson>>

/** Somebody with tokens of one session: fresh, of a sign-in 601 s ago, of another level. */
async function givenPerson() {
  const account = await givenAccount(app)
  const { accessToken: fresh } = await logIn(app, account)
  const old = await ofLongAgo(fresh)
  return { ...account, fresh, old, freshStrong: await ofTwoFactors(fresh), oldStrong: await ofTwoFactors(old) }
}
const withFactor = async (person: Person): Promise<Person> => {
  await sql`update user_accounts set second_factors = '{totp}' where id = ${person.id}`
  return person
}
const stateOf = async ({ id }: Person) => {
  const [row] = await sql`
    select status, email, password_hash, password_version,
           (select count(*)::int from api_keys k where k.account_id = a.id) as keys,
           (select count(*)::int from account_links l where l.account_id = a.id) as links
      from user_accounts a where id = ${id}`
  return row
}
const maxAge =
  'Bearer error="insufficient_user_authentication", error_description="The sign-in is not recent enough", max_age="600"'
const acrValues =
  'Bearer error="insufficient_user_authentication", error_description="A second factor is required", acr_values="aal2"'

const acts: Record<string, { method: string; path: string; json: () => Record<string, unknown>; status: number }> = {
  'making an API key': { method: 'POST', path: '/v1/api-keys', json: () => ({ name: 'Nightly report' }), status: 201 },
  'asking for another address': {
    method: 'POST',
    path: '/v1/me/email',
    json: () => ({ newEmail: newEmail() }),
    status: 202,
  },
  'erasing oneself': { method: 'DELETE', path: '/v1/me', json: () => ({}), status: 204 },
}
const act = (name: string, bearer: string, password?: string) => {
  const { method = '', path = '', json } = acts[name] ?? {}
  return request(path, { method, bearer, json: { ...json?.(), ...(password !== undefined && { password }) } })
}

describe.each(Object.entries(acts))('%s', (name, { status }) => {
  test('needs no password for 10 minutes after a sign-in, and then one', async () => {
    const person = await givenPerson()
    const before = await stateOf(person)
    const refused = await act(name, person.old)
    expect(refused.headers.get('www-authenticate')).toBe(maxAge)
    await expectProblem(refused, 'reauthentication-required')
    expect(await stateOf(person)).toEqual(before)
    expect((await act(name, person.fresh)).status).toBe(status)
  })

  test('a right password serves however old the sign-in is, and a wrong one never', async () => {
    const person = await givenPerson()
    const before = await stateOf(person)
    for (const bearer of [person.old, person.fresh])
      await expectProblem(await act(name, bearer, 'not this one'), 'invalid-credentials')
    expect(await stateOf(person)).toEqual(before)
    expect((await act(name, person.old, goodPassword)).status).toBe(status)
  })

  test('without a password it is still refused once the session has ended meanwhile', async () => {
    const person = await givenPerson()
    // As on an instance that has not heard of it yet.
    await sql`update sessions set ended_at = clock_timestamp() where account_id = ${person.id}`
    await expectProblem(await act(name, person.fresh), 'session-revoked')
  })
})

describe('where the account has a second factor', () => {
  test('its address is changed by who showed one, and by nobody else, whatever password they know', async () => {
    const person = await withFactor(await givenPerson())
    const before = await stateOf(person)
    for (const [bearer, password] of [
      [person.fresh, undefined],
      [person.fresh, goodPassword],
      [person.old, goodPassword],
    ] as const) {
      const refused = await act('asking for another address', bearer, password)
      expect(refused.headers.get('www-authenticate')).toBe(acrValues)
      await expectProblem(refused, 'mfa-required')
    }
    expect(await stateOf(person)).toEqual(before)
    expect((await act('asking for another address', person.freshStrong)).status).toBe(202)
    expect((await act('asking for another address', person.oldStrong, goodPassword)).status).toBe(202)
  })

  test('so is its password', async () => {
    const person = await withFactor(await givenPerson())
    const before = await stateOf(person)
    const json = { currentPassword: goodPassword, newPassword: another }
    const refused = await request('/v1/auth/password/change', { bearer: person.fresh, json })
    expect(refused.headers.get('www-authenticate')).toBe(acrValues)
    await expectProblem(refused, 'mfa-required')
    expect(await stateOf(person)).toEqual(before)
    expect((await request('/v1/auth/password/change', { bearer: person.oldStrong, json })).status).toBe(200)
  })

  test('also one that was set up while the password was verified', async () => {
    const person = await givenPerson()
    const { hash } = app.deps.passwords
    app.deps.passwords.hash = async (...given) => {
      app.deps.passwords.hash = hash
      await withFactor(person)
      return hash(...given)
    }
    const json = { currentPassword: goodPassword, newPassword: another }
    await expectProblem(await request('/v1/auth/password/change', { bearer: person.fresh, json }), 'mfa-required')
  })
})

describe('a first password', () => {
  const change = (bearer: string, json: Record<string, unknown>) =>
    request('/v1/auth/password/change', { bearer, json: { newPassword: another, ...json } })
  async function givenNone() {
    const person = await givenPerson()
    await sql`update user_accounts set password_hash = null where id = ${person.id}`
    return person
  }

  test('is set within 10 minutes of a sign-in, and counts at once', async () => {
    const person = await givenNone()
    const before = await stateOf(person)
    const refused = await change(person.old, {})
    expect(refused.headers.get('www-authenticate')).toBe(maxAge)
    await expectProblem(refused, 'reauthentication-required')
    await expectProblem(await change(person.fresh, { currentPassword: goodPassword }), 'invalid-credentials')
    await expectProblem(await change(person.fresh, { newPassword: 'short' }), 'validation-failed')
    expect(await stateOf(person)).toEqual(before)
    const early = await request('/v1/auth/login', { json: { email: person.email, password: another } })
    await expectProblem(early, 'invalid-credentials')
    expect((await change(person.fresh, {})).status).toBe(200)
    await logIn(app, { email: person.email, password: another })
  })

  test('is no way round the one that an account has, however recent the sign-in', async () => {
    const person = await givenPerson()
    const problem = await expectProblem(await change(person.freshStrong, {}), 'validation-failed')
    expect(problem.errors).toEqual([{ path: 'currentPassword', message: 'This is required.', code: 'invalid-type' }])
    await logIn(app, person)
  })

  test('of two at once one is set', async () => {
    const person = await givenNone()
    const answers = await Promise.all([
      change(person.fresh, {}),
      change(person.fresh, { newPassword: `${another} too` }),
    ])
    // The other was too late for the password that it read, or has read that there is one.
    const statuses = answers.map(({ status }) => status).sort()
    expect([
      [200, 401],
      [200, 422],
    ]).toContainEqual(statuses)
    const [row] = await sql`select password_version from user_accounts where id = ${person.id}`
    expect(row?.passwordVersion).toBe(2)
  })

  test('wants the second factor that the account has', async () => {
    const person = await withFactor(await givenNone())
    await expectProblem(await change(person.fresh, {}), 'mfa-required')
    expect((await change(person.freshStrong, {})).status).toBe(200)
  })
})

describe('a change of rights', () => {
  test.each([
    ['to a person', 'PUT', (id: string) => `/v1/admin/users/${id}/role`, { role: 'guest' }],
    ['its level', 'PATCH', () => '/v1/admin/roles/guest', { description: 'Looks around' }],
    ['its permissions', 'PUT', () => '/v1/admin/roles/guest/permissions', { permissions: ['profile.read'] }],
    ['to whom it invites', 'POST', () => '/v1/admin/users', { role: 'guest' }],
  ])('%s needs a sign-in of the last 10 minutes', async (_, method, path, json) => {
    const { id } = await givenAccount(app)
    const { accessToken } = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
    const old = await ofLongAgo(accessToken)
    const body = { ...json, ...(method === 'POST' && { email: newEmail() }) }
    const refused = await request(path(id), { method, bearer: old, json: body })
    expect(refused.headers.get('www-authenticate')).toBe(maxAge)
    await expectProblem(refused, 'reauthentication-required')
    expect((await request(path(id), { method, bearer: accessToken, json: body })).ok).toBeTrue()
  })

  test('an invitation without a role needs none', async () => {
    const { accessToken } = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
    const old = await ofLongAgo(accessToken)
    expect((await request('/v1/admin/users', { bearer: old, json: { email: newEmail() } })).status).toBe(201)
  })
})
