import { describe, expect, test } from 'bun:test'
import { givenAccount, logIn, newEmail, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { templatesTo, tokenTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const verify = (token: string) => request('/v1/auth/email/verify', { json: { token } })
const resend = (email: string) => request('/v1/auth/email/resend', { json: { email } })
const isVerified = async (bearer: string) =>
  (await bodyOf<{ emailVerified: boolean }>(await request('/v1/me', { bearer }))).emailVerified

describe('an address', () => {
  test('is verified by the link of the registration, once; the session and the password stay', async () => {
    const person = await registered(app)
    expect(await isVerified(person.accessToken)).toBe(false)
    const token = await tokenTo(app, person.email, 'verify-email')
    expect((await verify(token)).status).toBe(204)
    expect(await isVerified(person.accessToken)).toBe(true)
    await expectProblem(await verify(token), 'invalid-link')
    expect((await logIn(app, person)).user.emailVerified).toBe(true)
    const rows = await sql`select 1 from audit_logs where action = 'email.verify' and entity_id = ${person.id}`
    expect(rows).toHaveLength(1)
  })

  test('is not verified for an account that was locked meanwhile', async () => {
    const person = await registered(app)
    await sql`update user_accounts set status = 'locked' where id = ${person.id}`
    await expectProblem(await verify(await tokenTo(app, person.email, 'verify-email')), 'invalid-link')
  })
})

describe('a verification link once more', () => {
  test('is mailed while the address waits for it, three times in all', async () => {
    const person = await registered(app)
    for (let i = 0; i < 5; i++) expect((await resend(person.email)).status).toBe(202)
    expect(await templatesTo(app, person.email)).toEqual(Array<string>(3).fill('verify-email'))
    expect((await verify(await tokenTo(app, person.email, 'verify-email'))).status).toBe(204)
  })

  test('is answered alike where nobody waits for one, and nothing is mailed', async () => {
    const verified = await givenAccount(app)
    await sql`update user_accounts set email_verified_at = now() where id = ${verified.id}`
    const locked = await givenAccount(app, { status: 'locked' })
    for (const email of [verified.email, locked.email, newEmail()]) {
      const answer = await resend(email)
      expect([answer.status, await answer.text()]).toEqual([202, '{"status":"accepted"}'])
      expect(await templatesTo(app, email)).toEqual([])
    }
  })
})
