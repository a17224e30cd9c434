import { expect, test } from 'bun:test'
import { goodPassword, newEmail, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { begin, beginLink, comeBack, withProviders } from '../support/journeys.ts'
import { openLyingProvider } from '../support/lying-provider.ts'
import { tokenTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'
import { secondFactorSteps } from '../support/second-factors.ts'
import { claimsOf } from '../support/tokens.ts'

const idp = await openLyingProvider()
const app = await openTestApp(
  withProviders({ id: 'stranger', displayName: 'Stranger', issuer: idp.issuer, clientId: 'manas' }),
)
const { request, sql } = app
const { codeOf, enrolled, halfAnHourLater, secondStep } = secondFactorSteps(app)

type Who = { sub: string; email: string }
const person = (email = newEmail()): Who => ({ sub: Bun.randomUUIDv7(), email })
const post = (path: string, json: unknown, bearer?: string) => request(path, { json, ...(bearer && { bearer }) })

async function goAround(who: Who) {
  idp.lies.claims = who
  const { authorizationUrl, codeVerifier } = await begin(app, 'stranger')
  return { codeVerifier, ...(await comeBack(app, idp.back(authorizationUrl))) } as {
    codeVerifier: string
    error?: string
  }
}
const exchange = async (who: Who) => post('/v1/auth/oidc/exchange', await goAround(who))

async function link(bearer: string, who: Who): Promise<void> {
  idp.lies.claims = who
  const { authorizationUrl, codeVerifier } = await beginLink(app, 'stranger', bearer)
  const { code } = await comeBack(app, idp.back(authorizationUrl))
  expect((await post('/v1/me/identities', { code, codeVerifier }, bearer)).status).toBe(201)
}
const subjectsOf = async (id: string) =>
  (await sql<{ subject: string }[]>`select subject from identities where account_id = ${id}`).map(
    ({ subject }) => subject,
  )

test('an account with a second factor is asked for it: one code makes one mfaToken, whoever uses it at once', async () => {
  const owner = await enrolled()
  const who = person()
  await link(owner.session.accessToken, who)
  const shown = await goAround(who)
  const answers = await Promise.all(Array.from({ length: 20 }, () => post('/v1/auth/oidc/exchange', shown)))
  expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array(19).fill(401)])
  const asked = answers.find(({ status }) => status === 202)
  const { mfaToken, ...rest } = await bodyOf<{ mfaToken: string }>(asked ?? new Response())
  expect(rest).toEqual({ status: 'mfa-required', methods: ['totp', 'recovery-code'], expiresIn: 300 })
  await halfAnHourLater(owner)
  const session = await bodyOf<SessionJson>(await secondStep(mfaToken, codeOf(owner)))
  expect(session.user.id).toBe(owner.id)
  expect(claimsOf(session.accessToken)).toMatchObject({ amr: ['fed', 'otp'], acr: 'aal2' })
})

test('an identity that was planted before the address was proved is removed by its proof', async () => {
  const victim = newEmail()
  const attacker = person(victim)
  const planted = await bodyOf<SessionJson>(await exchange(attacker))
  expect(planted.user).toMatchObject({ email: victim, emailVerified: false })
  await link(planted.accessToken, person())
  // What the attacker has under way is worth nothing afterwards, either.
  const underWay = await goAround(attacker)
  await post('/v1/auth/password/forgot', { email: victim })
  const token = await tokenTo(app, victim, 'reset-password')
  expect((await post('/v1/auth/password/reset', { token, newPassword: goodPassword })).status).toBe(204)
  expect(await subjectsOf(planted.user.id)).toEqual([])
  await expectProblem(await post('/v1/auth/oidc/exchange', underWay), 'identity-conflict')
  expect((await goAround(attacker)).error).toBe('identity-conflict')
  await expectProblem(await request('/v1/me', { bearer: planted.accessToken }), 'session-revoked')
})

test('an undone change of address removes what was added since, and leaves what was there before', async () => {
  const owner = await registered(app)
  await sql`update user_accounts set email_verified_at = now() where id = ${owner.id}`
  const [before, since] = [person(), person()]
  await link(owner.accessToken, before)
  const newAddress = newEmail()
  await post('/v1/me/email', { newEmail: newAddress, password: goodPassword }, owner.accessToken)
  const confirm = await tokenTo(app, newAddress, 'confirm-email')
  expect((await post('/v1/auth/email/confirm-change', { token: confirm })).status).toBe(204)
  await link(owner.accessToken, since)
  const undo = await tokenTo(app, owner.email, 'undo-email')
  expect((await post('/v1/auth/email/undo-change', { token: undo })).status).toBe(204)
  expect(await subjectsOf(owner.id)).toEqual([before.sub])
})
