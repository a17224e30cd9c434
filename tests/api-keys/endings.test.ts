import { describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, logIn, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { ofLongAgo } from '../support/tokens.ts'

const app = await openTestApp({ DB_POOL_MAX: '20' })
const { request, sql, deps } = app
const admin = await signedIn(app, { role: 'admin' })
const newPassword = 'umbrella ceramic walnut drizzle'

type Person = { id: string; bearer: string; key: string; prefix: string }

/** A person with a key that this instance remembers. */
async function givenPerson(): Promise<Person> {
  const { id, accessToken: bearer } = await registered(app)
  const { key, prefix } = await givenApiKey(app, id)
  expect((await request('/v1/me', { bearer: key })).status).toBe(200)
  return { id, bearer, key, prefix }
}

const changePassword = (bearer: string, json: Record<string, unknown> = {}) =>
  request('/v1/auth/password/change', { bearer, json: { currentPassword: goodPassword, newPassword, ...json } })
const make = (bearer: string, password: unknown, headers: Record<string, string> = {}) =>
  request('/v1/api-keys', { bearer, json: { name: 'Nightly report', password }, headers })
const endedKeys = async (id: string, action: string) => {
  const [row] = await sql<{ ended: string[] }[]>`
    select details -> 'apiKeysEnded' as ended from audit_logs where action = ${action} and entity_id = ${id}`
  return row?.ended
}

const endings: Record<string, [action: string, end: (person: Person) => Promise<Response>]> = {
  'a new password': ['password.change', ({ bearer }) => changePassword(bearer)],
  'a log-out everywhere': [
    'session.end_all',
    ({ bearer }) => request('/v1/auth/logout-all', { method: 'POST', bearer }),
  ],
  'an administrator who ends the sessions': [
    'session.end_all',
    ({ id }) => request(`/v1/admin/users/${id}/revoke-sessions`, { method: 'POST', bearer: admin.bearer }),
  ],
}

describe('API keys end with', () => {
  for (const [name, [action, end]] of Object.entries(endings))
    test(`${name}, from the next request on, and the trail names them`, async () => {
      const person = await givenPerson()
      const other = await givenPerson()
      expect((await end(person)).status).toBeLessThan(300)
      await expectProblem(await request('/v1/me', { bearer: person.key }), 'invalid-token')
      expect(await sql`select 1 from api_keys where account_id = ${person.id}`).toHaveLength(0)
      expect(await endedKeys(person.id, action)).toEqual([person.prefix])
      expect((await request('/v1/me', { bearer: other.key })).status).toBe(200)
    })

  test('nothing that says they are to be kept, or that ends one session alone', async () => {
    const person = await givenPerson()
    expect((await changePassword(person.bearer, { keepApiKeys: true })).status).toBe(200)
    expect((await request('/v1/auth/logout', { method: 'POST', bearer: person.bearer })).status).toBe(204)
    expect((await request('/v1/me', { bearer: person.key })).status).toBe(200)
    for (const keepApiKeys of ['true', 1, null])
      await expectProblem(await changePassword(admin.bearer, { keepApiKeys }), 'validation-failed')
  })
})

describe('making a key', () => {
  test('takes the password, which is judged like any: a wrong one is counted, and the sixth try waits', async () => {
    const { bearer, id } = await signedIn(app)
    await expectProblem(await make(await ofLongAgo(bearer), undefined), 'reauthentication-required')
    for (const password of ['', 7, null]) await expectProblem(await make(bearer, password), 'validation-failed')
    for (let i = 0; i < 5; i++) await expectProblem(await make(bearer, 'not this one'), 'invalid-credentials')
    await expectProblem(await make(bearer, goodPassword), 'account-locked')
    expect(await sql`select 1 from api_keys where account_id = ${id}`).toHaveLength(0)
    expect(await sql`select 1 from login_attempts where account_id = ${id} and outcome = 'failed'`).toHaveLength(5)
    // The session stays, and so does log-in.
    expect((await request('/v1/me', { bearer })).status).toBe(200)
  })

  test('under an Idempotency-Key asks for it no less, and keeps no hash by which it could be guessed', async () => {
    const { bearer, id } = await signedIn(app)
    const headers = { 'Idempotency-Key': 'one' }
    expect((await make(bearer, goodPassword, headers)).status).toBe(201)
    expect((await make(bearer, goodPassword, headers)).headers.get('idempotency-replayed')).toBe('true')
    await expectProblem(await make(bearer, 'not this one', headers), 'invalid-credentials')
    const [kept] = await sql<
      { requestHash: Buffer }[]
    >`select request_hash from idempotency_keys where account_id = ${id}`
    const text = JSON.stringify({ name: 'Nightly report', password: goodPassword })
    expect(kept?.requestHash.equals(new Bun.CryptoHasher('sha256').update(text).digest())).toBe(false)
  })

  test('cannot slip past what ends keys: the session or the password that was judged must still be good', async () => {
    const withVerified = async (meanwhile: (person: Person) => Promise<Response>) => {
      const person = await givenPerson()
      const { verify } = deps.passwords
      const judged = Promise.withResolvers<void>()
      const goOn = Promise.withResolvers<void>()
      deps.passwords.verify = async (...given) => {
        const right = await verify(...given)
        deps.passwords.verify = verify
        judged.resolve()
        await goOn.promise
        return right
      }
      const making = make(person.bearer, goodPassword)
      await judged.promise
      expect((await meanwhile(person)).status).toBeLessThan(300)
      goOn.resolve()
      const answer = await making
      expect(await sql`select 1 from api_keys where account_id = ${person.id}`).toHaveLength(0)
      return bodyOf<{ code: string }>(answer)
    }
    for (const name of ['a log-out everywhere', 'an administrator who ends the sessions']) {
      const [, end] = endings[name] ?? []
      expect(end && (await withVerified(end)).code).toBe('session-revoked')
    }
    // Of this very session: it stays, and what was judged is the old password.
    expect((await withVerified(({ bearer }) => changePassword(bearer))).code).toBe('invalid-credentials')
  })
})

test('an erasure does not outrun a new password: what was judged must still be the password', async () => {
  const account = await givenAccount(app)
  const [mine, other] = [await logIn(app, account), await logIn(app, account)]
  const { verify } = deps.passwords
  const judged = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  deps.passwords.verify = async (...given) => {
    const right = await verify(...given)
    deps.passwords.verify = verify
    judged.resolve()
    await goOn.promise
    return right
  }
  const erasing = request('/v1/me', { method: 'DELETE', bearer: other.accessToken, json: { password: goodPassword } })
  await judged.promise
  expect((await changePassword(mine.accessToken)).status).toBe(200)
  goOn.resolve()
  await expectProblem(await erasing, 'session-revoked')
  expect((await request('/v1/me', { bearer: mine.accessToken })).status).toBe(200)
})
