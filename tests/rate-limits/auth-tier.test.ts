import { describe, expect, test } from 'bun:test'
import { type Given, givenAccount, goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { openTestApp, type SessionJson } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { SoftPasskey } from '../support/soft-passkey.ts'

const app = await openTestApp({ RATE_LIMIT_AUTH: '5/15m', DB_POOL_MAX: '20' })
const { request, deps, sql } = app
let lastAddress = 0
/** An address that nobody used before. */
const newAddress = () => `198.51.${Math.floor(++lastAddress / 250)}.${(lastAddress % 250) + 1}`
const login = (ip: string, email = newEmail(), password = 'not this one') =>
  request('/v1/auth/login', { ip, json: { email, password } })
const register = (ip: string, email: string) =>
  request('/v1/auth/register', { ip, json: { email, password: goodPassword } })

/** An address with `count` failures behind it. */
async function givenFailures(count: number): Promise<string> {
  const ip = newAddress()
  for (let i = 0; i < count; i++) await expectProblem(await login(ip), 'invalid-credentials')
  return ip
}

describe('what counts as a failure', () => {
  const failures: Record<string, (ip: string, person: SessionJson & Given) => Promise<Response>> = {
    'a failed log-in (401)': (ip) => login(ip),
    'a taken address (409)': (ip, { email }) => register(ip, email),
    'a wrong current password (401)': (ip, { accessToken }) =>
      request('/v1/auth/password/change', {
        ip,
        bearer: accessToken,
        json: { currentPassword: 'not this one', newPassword: goodPassword },
      }),
  }
  const challengeToken = 'of no options'
  const challenge = 'A'.repeat(43)
  failures['a passkey that is none (401)'] = (ip) =>
    request('/v1/auth/passkey', {
      ip,
      json: { challengeToken, response: new SoftPasskey().get({ challenge, rpId: 'localhost' }) },
    })
  failures['a new passkey that is none (401)'] = (ip, { accessToken: bearer }) => {
    const response = new SoftPasskey().create({ challenge, rp: { id: 'localhost' }, user: { id: 'AAAA' } })
    return request('/v1/me/passkeys', { ip, bearer, json: { challengeToken, response, name: 'Phone' } })
  }
  for (const [name, fail] of Object.entries(failures))
    test(name, async () => {
      const ip = newAddress()
      const person = await registered(app)
      for (let i = 0; i < 5; i++) expect((await fail(ip, person)).status).toBeOneOf([401, 409])
      await expectProblem(await login(ip), 'rate-limited')
      await expectProblem(await register(ip, newEmail()), 'rate-limited')
      expect((await login(newAddress(), person.email, goodPassword)).status).toBe(200)
    })

  test('429 account-locked', async () => {
    const email = newEmail()
    for (let i = 0; i < 5; i++) await login(newAddress(), email)
    const ip = newAddress()
    for (let i = 0; i < 5; i++) await expectProblem(await login(ip, email), 'account-locked')
    await expectProblem(await login(ip), 'rate-limited')
  })
})

describe('a unit is given back by', () => {
  test('every other answer: success, bad input, and refusals of the tier itself', async () => {
    const ip = await givenFailures(4)
    const person = await registered(app)
    for (let i = 0; i < 6; i++) {
      expect((await login(ip, person.email, goodPassword)).status).toBe(200)
      expect((await register(ip, newEmail())).status).toBe(201)
      expect((await request('/v1/auth/login', { ip, json: {} })).status).toBe(422)
      expect((await request('/v1/auth/register', { ip, method: 'POST' })).status).toBe(415)
      expect(
        (await request('/v1/auth/login', { ip, method: 'POST', headers: { 'Content-Type': 'application/json' } }))
          .status,
      ).toBe(400)
    }
    await expectProblem(await login(ip), 'invalid-credentials')
    for (let i = 0; i < 3; i++) await expectProblem(await login(ip), 'rate-limited')
    const answer = await login(ip)
    expect(answer.headers.get('ratelimit')).toMatch(/^limit=5, remaining=0, /)
    expect(Number(answer.headers.get('retry-after'))).toBeWithin(800, 901)
  })

  test('an answer of 5xx', async () => {
    const ip = await givenFailures(4)
    await sql.begin(async (tx) => {
      await tx`create function fail() returns trigger language plpgsql as 'begin raise exception $m$a fault$m$; end'`
      await tx`create trigger fail before insert on sessions for each row execute function fail()`
    })
    const failed = await register(ip, newEmail())
    await sql`drop function fail() cascade`
    await expectProblem(failed, 'internal-error')
    await expectProblem(await login(ip), 'invalid-credentials')
  })
})

test('nor does a bearer that is missing or refused: a hundred of them leave log-in open for the whole address', async () => {
  const ip = newAddress()
  const json = { currentPassword: goodPassword, newPassword: goodPassword }
  for (const bearer of [undefined, 'not a token', 'mk_not_a_key'])
    for (let i = 0; i < 6; i++)
      for (const path of ['/v1/auth/password/change', '/v1/auth/logout', '/v1/auth/logout-all'])
        expect((await request(path, { ip, bearer, json })).status).toBe(401)
  const person = await registered(app)
  for (let i = 0; i < 6; i++)
    expect((await request('/v1/me', { ip, method: 'DELETE', bearer: `${person.accessToken}x` })).status).toBe(401)
  await expectProblem(await login(ip), 'invalid-credentials')
  const answer = await login(ip, person.email, goodPassword)
  expect([answer.status, answer.headers.get('ratelimit')]).toEqual([200, expect.stringContaining('remaining=4,')])
})

test('refresh and log-out are never in it', async () => {
  const ip = await givenFailures(5)
  const person = await registered(app)
  for (let i = 0; i < 6; i++)
    await expectProblem(await request('/v1/auth/refresh', { ip, json: { refreshToken: 'x' } }), 'invalid-refresh-token')
  expect((await request('/v1/auth/refresh', { ip, json: { refreshToken: person.refreshToken } })).status).toBe(200)
  expect((await request('/v1/auth/logout', { ip, method: 'POST', bearer: person.accessToken })).status).toBe(204)
  const fresh = newAddress()
  for (let i = 0; i < 6; i++) await request('/v1/auth/refresh', { ip: fresh, json: { refreshToken: 'x' } })
  await expectProblem(await login(fresh), 'invalid-credentials')
})

test('200 wrong log-ins at once from one address, each with another e-mail: exactly five are judged', async () => {
  const ip = newAddress()
  const answers = await Promise.all(Array.from({ length: 200 }, () => login(ip)))
  expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(195)
})

describe('at log-in, an exhausted address', () => {
  test('is refused after the body and the lockout were looked at, and costs one look and no argon2', async () => {
    const email = newEmail()
    for (let i = 0; i < 5; i++) await login(newAddress(), email)
    const ip = await givenFailures(5)
    expect((await request('/v1/auth/login', { ip, json: { email } })).status).toBe(422)
    await expectProblem(await request('/v1/auth/login', { ip, method: 'POST' }), 'unsupported-media-type')
    await expectProblem(await login(ip, email), 'account-locked')
    const before = deps.db.stats().queries
    const person = await givenAccount(app)
    const [attempts] = await sql`select count(*)::int as count from login_attempts`
    const after = deps.db.stats().queries
    await expectProblem(await login(ip, person.email, goodPassword), 'rate-limited')
    expect(deps.db.stats().queries - after).toBe(1)
    expect(after).toBeGreaterThan(before)
    expect(await sql`select count(*)::int as count from login_attempts`).toEqual<unknown>([attempts])
    expect(await sql`select 1 from lockouts where key = ${deps.counterKey('email', person.email)}`).toHaveLength(0)
  })

  test('elsewhere it is refused before the body is read, at no query', async () => {
    const ip = await givenFailures(5)
    const { accessToken } = await registered(app)
    const before = deps.db.stats().queries
    await expectProblem(await request('/v1/auth/register', { ip, method: 'POST' }), 'rate-limited')
    const stranger = await request('/v1/auth/password/change', { ip, method: 'POST' })
    await expectProblem(stranger, 'authentication-required')
    const changing = { ip, method: 'POST', bearer: accessToken }
    await expectProblem(await request('/v1/auth/password/change', changing), 'rate-limited')
    expect(deps.db.stats().queries).toBe(before)
  })

  test('sessions that exist go on', async () => {
    const session = await logIn(app, await givenAccount(app))
    const ip = await givenFailures(5)
    expect((await request('/v1/me', { ip, bearer: session.accessToken })).status).toBe(200)
  })
})
