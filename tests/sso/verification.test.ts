import { expect, test } from 'bun:test'
import { newEmail } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { begin, comeBack, withProviders } from '../support/journeys.ts'
import { openLyingProvider } from '../support/lying-provider.ts'
import { templatesTo, tokenTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'

const idp = await openLyingProvider()
const known = { displayName: 'Clinic', issuer: idp.issuer, clientId: 'manas' }
const app = await openTestApp({
  ...withProviders({ ...known, id: 'trusted', trustEmail: ['people.test'] }, { ...known, id: 'stranger' }),
  REQUIRE_EMAIL_VERIFICATION: 'true',
})
const { request, sql } = app

const person = () => ({ sub: Bun.randomUUIDv7(), email: newEmail() })

async function signIn(who: object, provider: string): Promise<Response> {
  idp.lies.claims = { ...who }
  const { authorizationUrl, codeVerifier } = await begin(app, provider)
  const { code } = await comeBack(app, idp.back(authorizationUrl))
  return request('/v1/auth/oidc/exchange', { json: { code, codeVerifier } })
}

test('where addresses must be verified, the word of a trusted provider is enough', async () => {
  const { user } = await bodyOf<SessionJson>(await signIn(person(), 'trusted'))
  expect(user.emailVerified).toBe(true)
})

test('else the account waits for the link in its mail, and opens by the same identity then', async () => {
  const who = person()
  await expectProblem(await signIn(who, 'stranger'), 'email-not-verified')
  await expectProblem(await signIn(who, 'stranger'), 'email-not-verified')
  expect(await templatesTo(app, who.email)).toEqual(['verify-email'])
  const [made] = await sql<{ id: string; sessions: number }[]>`
    select id, (select count(*)::int from sessions where account_id = a.id) as sessions from user_accounts a where email = ${who.email}`
  expect(made?.sessions).toBe(0)
  const audit =
    await sql`select details from audit_logs where action = 'account.create' and entity_id = ${made?.id ?? ''}`
  expect(audit).toMatchObject([{ details: { provider: 'stranger' } }])
  const token = await tokenTo(app, who.email, 'verify-email')
  expect((await request('/v1/auth/email/verify', { json: { token } })).status).toBe(204)
  const session = await bodyOf<SessionJson>(await signIn(who, 'stranger'))
  expect(session.user).toMatchObject({ id: made?.id, emailVerified: true })
})

test('an account without a password that is no other’s answers a registration like any taken address', async () => {
  const who = person()
  await signIn(who, 'trusted')
  const json = { email: who.email, password: 'umbrella ceramic walnut drizzle' }
  expect((await request('/v1/auth/register', { json })).status).toBe(202)
  expect(await templatesTo(app, who.email)).toContain('registration-attempted')
})
