import { describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { openTestApp } from '../support/app.ts'
import { lockoutSteps } from '../support/lockouts.ts'
import { mailsTo, templatesTo, tokenTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({ APP_URL: 'https://app.example/people/' })
const { request, sql } = app
const { login, failTimes, lockedFor } = lockoutSteps(app)
const newPassword = 'umbrella ceramic walnut drizzle'

const forgot = (email: string, headers: Record<string, string> = {}) =>
  request('/v1/auth/password/forgot', { json: { email }, headers })
const reset = (token: string, wanted: unknown = newPassword) =>
  request('/v1/auth/password/reset', { json: { token, newPassword: wanted } })

async function forgetful(email: string): Promise<string> {
  expect((await forgot(email)).status).toBe(202)
  return tokenTo(app, email, 'reset-password')
}

describe('a password that was reset', () => {
  test('is the one that counts; all sessions, API keys and device tokens are void, and the person is told', async () => {
    const person = await registered(app)
    const { key } = await givenApiKey(app, person.id)
    expect((await reset(await forgetful(person.email))).status).toBe(204)
    await expectProblem(await request('/v1/me', { bearer: person.accessToken }), 'session-revoked')
    await expectProblem(
      await request('/v1/auth/refresh', { json: { refreshToken: person.refreshToken } }),
      'invalid-refresh-token',
    )
    await expectProblem(await request('/v1/dashboard', { bearer: key }), 'invalid-token')
    await expectProblem(await login(person.email, goodPassword), 'invalid-credentials')
    const session = await logIn(
      app,
      { email: person.email, password: newPassword },
      { 'X-Device-Token': person.deviceToken },
    )
    expect(session.user.emailVerified).toBe(true)
    // The device token was void: the device is a new one.
    expect(await templatesTo(app, person.email)).toEqual([
      'verify-email',
      'reset-password',
      'password-reset',
      'new-device',
    ])
  })

  test('ends the lockout of the address, which asking for the link does not', async () => {
    const person = await registered(app)
    await failTimes(5, person.email)
    const token = await forgetful(person.email)
    expect(await lockedFor(person.email)).toBeGreaterThan(800)
    expect((await request('/v1/me', { bearer: person.accessToken })).status).toBe(200)
    expect((await reset(token)).status).toBe(204)
    expect((await login(person.email, newPassword)).status).toBe(200)
  })

  test('is audited as nobody’s act on the account, and the token is written nowhere', async () => {
    const person = await registered(app)
    const token = await forgetful(person.email)
    await reset(token)
    const rows = await sql<{ actorId: string | null; details: Record<string, unknown> }[]>`
      select actor_id, details from audit_logs where action = 'password.reset' and entity_id = ${person.id}`
    const removed = { passwords: 1, passkeys: 0, authenticatorApps: 0, recoveryCodes: 0, identities: 0, apiKeys: 0 }
    expect(rows).toEqual<unknown>([{ actorId: null, details: { firstProof: true, apiKeysEnded: [], removed } }])
    expect(app.lines.join()).not.toContain(token)
  })
})

describe('a link for a new password', () => {
  test('works once, of 16 parallel uses for one', async () => {
    const token = await forgetful((await registered(app)).email)
    const answers = await Promise.all(Array.from({ length: 16 }, () => reset(token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array<number>(15).fill(400)])
  })

  test('stays when the new password is refused, which is judged by the address and the names', async () => {
    const person = await registered(app, { firstName: 'Gwendolen', lastName: 'Fairfaxson' })
    const token = await forgetful(person.email)
    for (const wanted of ['short', 'gwendolen fairfaxson', 'x'.repeat(257)]) {
      const problem = await expectProblem(await reset(token, wanted), 'validation-failed')
      expect(problem.errors?.map(({ path }) => path)).toEqual(['newPassword'])
    }
    expect((await reset(token)).status).toBe(204)
  })

  test('is void for an account that was locked meanwhile, and for one that was erased', async () => {
    const locked = await registered(app)
    const token = await forgetful(locked.email)
    await sql`update user_accounts set status = 'locked' where id = ${locked.id}`
    await expectProblem(await reset(token), 'invalid-link')
    const erased = await registered(app)
    const other = await forgetful(erased.email)
    const answer = await request('/v1/me', {
      method: 'DELETE',
      bearer: erased.accessToken,
      json: { password: goodPassword },
    })
    expect(answer.status).toBe(204)
    await expectProblem(await reset(other), 'invalid-link')
  })

  test('leads to the configured page, whatever host the request named', async () => {
    const { email } = await registered(app)
    const spoofed = {
      Host: 'evil.example',
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'http',
      Forwarded: 'host=evil.example',
    }
    expect((await forgot(email, spoofed)).status).toBe(202)
    const mails = await mailsTo(app, email)
    for (const { link } of mails) expect(link).toStartWith('https://app.example/people/account/')
    expect(JSON.stringify(mails)).not.toContain('evil')
  })

  test('is refused alike for whatever is no token', async () => {
    for (const token of ['', 'x', '\0', '\ud800', 'x'.repeat(43), 'x'.repeat(60_000)])
      await expectProblem(await reset(token), 'invalid-link')
    const { email } = await registered(app)
    const verification = await tokenTo(app, email, 'verify-email')
    // Before the password is judged: by a link of another kind nobody learns what it must not be made of.
    for (const wanted of [newPassword, 'short']) await expectProblem(await reset(verification, wanted), 'invalid-link')
    for (const token of [undefined, null, 7, ['x']])
      await expectProblem(await reset(token as never), 'validation-failed')
  })
})

describe('asking for a link', () => {
  test('50 times for one address mails three, and answers every one alike', async () => {
    const { email } = await registered(app)
    const answers = await Promise.all(Array.from({ length: 50 }, () => forgot(email)))
    for (let i = 0; i < 3; i++) answers.push(await forgot(email))
    const bodies = await Promise.all(answers.map(async (answer) => `${answer.status} ${await answer.text()}`))
    expect(new Set(bodies)).toEqual(new Set(['202 {"status":"accepted"}']))
    const templates = await templatesTo(app, email)
    expect(templates.filter((name) => name === 'reset-password')).toHaveLength(3)
  })

  test('is for active accounts alone', async () => {
    const locked = await givenAccount(app, { status: 'locked' })
    expect((await forgot(locked.email)).status).toBe(202)
    expect(await templatesTo(app, locked.email)).toEqual([])
    const nobody = newEmail()
    expect((await forgot(nobody)).status).toBe(202)
    expect(await templatesTo(app, nobody)).toEqual([])
  })

  test('finds the address in any spelling', async () => {
    const { email } = await registered(app)
    expect((await forgot(` ${email.toUpperCase()} `)).status).toBe(202)
    expect(await templatesTo(app, email)).toContain('reset-password')
  })
})
