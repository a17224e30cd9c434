import { describe, expect, test } from 'bun:test'
import { goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { openTestApp, type SessionJson } from '../support/app.ts'
import { lockoutSteps } from '../support/lockouts.ts'
import { tokenTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const { failTimes, lockedFor } = lockoutSteps(app)
const ownersPassword = 'umbrella ceramic walnut drizzle'
const thiefsPassword = 'granite lantern orchard velvet'

const post = (path: string, json: unknown, bearer?: string) => request(path, { json, ...(bearer && { bearer }) })
const login = (email: string, password: string) => post('/v1/auth/login', { email, password })

async function change({ accessToken }: SessionJson, password: string, wanted = newEmail()): Promise<string> {
  expect((await post('/v1/me/email', { newEmail: wanted, password }, accessToken)).status).toBe(202)
  const token = await tokenTo(app, wanted, 'confirm-email')
  expect((await post('/v1/auth/email/confirm-change', { token })).status).toBe(204)
  return wanted
}

/** Sets a new password by the newest mail to an address. */
async function reset(email: string, newPassword: string): Promise<void> {
  const token = await tokenTo(app, email, 'reset-password')
  expect((await post('/v1/auth/password/reset', { token, newPassword })).status).toBe(204)
}

/** Of a thief nothing opens the account any more: no session, no key, no password at any address. */
async function expectLockedOut(sessions: SessionJson[], keys: string[], passwords: [string, string][]): Promise<void> {
  for (const { accessToken, refreshToken } of sessions) {
    await expectProblem(await request('/v1/me', { bearer: accessToken }), 'session-revoked')
    await expectProblem(await post('/v1/auth/refresh', { refreshToken }), 'invalid-refresh-token')
  }
  for (const bearer of keys) await expectProblem(await request('/v1/dashboard', { bearer }), 'invalid-token')
  for (const [email, password] of passwords) await expectProblem(await login(email, password), 'invalid-credentials')
}

describe('an account is its mailbox owner’s', () => {
  test('who squatted the address with a password, a session and a key is out with the owner’s first proof', async () => {
    const squatter = await registered(app, { password: thiefsPassword })
    const { key } = await givenApiKey(app, squatter.id)
    const second = await logIn(app, { email: squatter.email, password: thiefsPassword })
    await post('/v1/auth/password/forgot', { email: squatter.email })
    await reset(squatter.email, ownersPassword)
    await expectLockedOut([squatter, second], [key], [[squatter.email, thiefsPassword]])
    expect((await login(squatter.email, ownersPassword)).status).toBe(200)
  })

  test('a thief who changes the address twice loses it to the first mailbox, and keeps nothing', async () => {
    const owner = await registered(app)
    await post('/v1/auth/email/verify', { token: await tokenTo(app, owner.email, 'verify-email') })
    const thief = await logIn(app, owner)
    const first = await change(thief, goodPassword)
    await post(
      '/v1/auth/password/change',
      { currentPassword: goodPassword, newPassword: thiefsPassword },
      thief.accessToken,
    )
    const second = await change(thief, thiefsPassword)
    const { key } = await givenApiKey(app, owner.id)
    await post('/v1/auth/password/forgot', { email: second })
    const forgotten = await tokenTo(app, second, 'reset-password')
    const third = newEmail()
    await post('/v1/me/email', { newEmail: third, password: thiefsPassword }, thief.accessToken)
    const underWay = await tokenTo(app, third, 'confirm-email')

    await failTimes(5, owner.email)
    expect(await lockedFor(owner.email)).toBeGreaterThan(0)
    const token = await tokenTo(app, owner.email, 'undo-email')
    expect((await post('/v1/auth/email/undo-change', { token })).status).toBe(204)
    const passwords: [string, string][] = [owner.email, first, second].map((email) => [email, thiefsPassword])
    await expectLockedOut([thief], [key], [...passwords, [owner.email, goodPassword]])
    // What the thief was mailed meanwhile: the link that undoes the second change, one for a new password.
    const undoOfSecond = await tokenTo(app, first, 'undo-email')
    await expectProblem(await post('/v1/auth/email/undo-change', { token: undoOfSecond }), 'invalid-link')
    await expectProblem(
      await post('/v1/auth/password/reset', { token: forgotten, newPassword: thiefsPassword }),
      'invalid-link',
    )
    await expectProblem(await post('/v1/auth/email/confirm-change', { token: underWay }), 'invalid-link')
    await reset(owner.email, ownersPassword)
    expect((await logIn(app, { email: owner.email, password: ownersPassword })).user.email).toBe(owner.email)
  })

  test('a thief who undoes a change of their own first does not void the owner’s link', async () => {
    const owner = await registered(app)
    const thief = await logIn(app, owner)
    const first = await change(thief, goodPassword)
    await change(thief, goodPassword)
    const own = await tokenTo(app, first, 'undo-email')
    expect((await post('/v1/auth/email/undo-change', { token: own })).status).toBe(204)
    await reset(first, thiefsPassword)
    const again = await logIn(app, { email: first, password: thiefsPassword })

    const token = await tokenTo(app, owner.email, 'undo-email')
    expect((await post('/v1/auth/email/undo-change', { token })).status).toBe(204)
    await expectLockedOut(
      [thief, again],
      [],
      [
        [first, thiefsPassword],
        [owner.email, thiefsPassword],
      ],
    )
    await reset(owner.email, ownersPassword)
    expect((await login(owner.email, ownersPassword)).status).toBe(200)
  })

  test('nobody registers with the address while the owner may take it back', async () => {
    const owner = await registered(app)
    await change(await logIn(app, owner), goodPassword)
    await expectProblem(
      await post('/v1/auth/register', { email: owner.email, password: thiefsPassword }),
      'email-taken',
    )
    await sql`update account_links set expires_at = clock_timestamp() where account_id = ${owner.id} and kind = 'undo-email'`
    const late = await tokenTo(app, owner.email, 'undo-email')
    await expectProblem(await post('/v1/auth/email/undo-change', { token: late }), 'invalid-link')
    expect((await post('/v1/auth/register', { email: owner.email, password: ownersPassword })).status).toBe(201)
  })

  test('a forwarded link opens its own account alone, and once: whoever is signed in elsewhere gains nothing', async () => {
    const [owner, other] = [await registered(app), await registered(app)]
    const token = await tokenTo(app, owner.email, 'verify-email')
    expect((await post('/v1/auth/email/verify', { token }, other.accessToken)).status).toBe(204)
    const rows = await sql<{ id: string; verified: boolean }[]>`
      select id, email_verified_at is not null as verified from user_accounts where id in ${sql([owner.id, other.id])}`
    expect(Object.fromEntries(rows.map(({ id, verified }) => [id, verified]))).toEqual({
      [owner.id]: true,
      [other.id]: false,
    })
    await expectProblem(await post('/v1/auth/email/verify', { token }), 'invalid-link')
  })
})
