import { describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({}, { hashing: 'full' })
const { request, sql } = app
const login = (email: string, password: string, headers: Record<string, string> = {}) =>
  request('/v1/auth/login', { json: { email, password }, headers })

describe('logging in', () => {
  test('works on every plan: free, paid, and lapsed', async () => {
    const yesterday = new Date(Date.now() - 86_400_000)
    const tomorrow = new Date(Date.now() + 86_400_000)
    for (const [options, plan, role] of [
      [{}, 'free', 'user'],
      [{ plan: 'professional', role: 'subscriber', endsAt: tomorrow }, 'professional', 'subscriber'],
      [{ plan: 'professional', role: 'subscriber', endsAt: yesterday }, 'free', 'user'],
    ] as const) {
      const session = await logIn(app, await givenAccount(app, options))
      expect(session.user.plan.name).toBe(plan)
      expect(session.user.role).toBe(role)
    }
  })

  test('answers an unknown address, a wrong password and a locked account alike', async () => {
    const person = await givenAccount(app)
    const locked = await givenAccount(app, { status: 'locked' })
    const answers = await Promise.all([
      login(newEmail(), goodPassword),
      login(person.email, 'wrong'),
      login(locked.email, goodPassword),
    ])
    const bodies = await Promise.all(answers.map((answer) => expectProblem(answer, 'invalid-credentials')))
    expect(new Set(bodies.map(({ requestId: _, ...rest }) => JSON.stringify(rest))).size).toBe(1)
  })
})

test('any string is judged as a password, also one that no new password may be', async () => {
  const person = await givenAccount(app)
  for (const password of ['\0', `${goodPassword}\0`, '\ud800', `${goodPassword}\udfff`, '💥'.repeat(256)])
    await expectProblem(await login(person.email, password), 'invalid-credentials')
  const stored = await givenAccount(app, { password: 'seven quiet herons \ufffd' })
  await expectProblem(await login(stored.email, 'seven quiet herons \ud800'), 'invalid-credentials')
  await logIn(app, { ...stored, password: 'seven quiet herons \ufffd' })
  for (const json of [
    { email: newEmail(), password: `${goodPassword}\0` },
    { email: newEmail(), password: `${goodPassword}\ud800` },
  ])
    await expectProblem(await request('/v1/auth/register', { json }), 'validation-failed')
  await expectProblem(await login('asha\0@example.com', goodPassword), 'validation-failed')
})

describe('lockout', () => {
  test('the sixth try answers 429, known address or not, and the right password too', async () => {
    const person = await givenAccount(app)
    for (const email of [person.email, newEmail()]) {
      for (let i = 0; i < 5; i++) await expectProblem(await login(email, 'wrong'), 'invalid-credentials')
      const refused = await login(email, goodPassword)
      await expectProblem(refused, 'account-locked')
      expect(Number(refused.headers.get('retry-after'))).toBeWithin(880, 901)
    }
  })

  test('50 parallel wrong passwords: five are judged', async () => {
    const person = await givenAccount(app)
    const answers = await Promise.all(Array.from({ length: 50 }, () => login(person.email, 'wrong')))
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(45)
    const failures = await sql`select 1 from login_attempts where account_id = ${person.id}`
    expect(failures).toHaveLength(5)
  })

  test('a device that signed in before is not locked out by a stranger', async () => {
    const person = await registered(app)
    for (let i = 0; i < 6; i++) await login(person.email, 'wrong')
    await expectProblem(await login(person.email, goodPassword), 'account-locked')
    expect((await login(person.email, goodPassword, { 'X-Device-Token': person.deviceToken })).status).toBe(200)
  })
})

test('the claims of an access token say the truth', async () => {
  const person = await givenAccount(app, { role: 'admin', plan: 'business' })
  const { accessToken } = await logIn(app, person)
  const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString())
  expect(claims).toMatchObject({ sub: person.id, role: 'admin', lvl: 90, plan: 'business', tier: 70, ver: 1, cv: 1 })
  expect(claims.perms).toContain('users.manage')
  expect(claims.feats).toContain('ip_whitelisting')
  expect(claims).not.toHaveProperty('pex')
})

test('a log-in racing a password change leaves no session behind that the old password opened', async () => {
  for (let round = 0; round < 5; round++) {
    const person = await registered(app)
    const [answer, change] = await Promise.all([
      login(person.email, goodPassword),
      request('/v1/auth/password/change', {
        bearer: person.accessToken,
        json: { currentPassword: goodPassword, newPassword: `another ${goodPassword}` },
      }),
    ])
    expect(change.status).toBe(200)
    if (answer.status === 200) {
      const { refreshToken } = await bodyOf<SessionJson>(answer)
      await expectProblem(await request('/v1/auth/refresh', { json: { refreshToken } }), 'invalid-refresh-token')
    } else await expectProblem(answer, 'invalid-credentials')
  }
})
