import { describe, expect, test } from 'bun:test'
import type { RequestOptions } from '../../src/passkeys/schemas.ts'
import { registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { mailsTo } from '../support/mails.ts'
import { givenPasskey, signInOptions } from '../support/passkeys.ts'
import { expectProblem } from '../support/problems.ts'
import { secondFactorSteps } from '../support/second-factors.ts'
import { SoftPasskey } from '../support/soft-passkey.ts'
import { claimsOf } from '../support/tokens.ts'

const app = await openTestApp()
const { request, sql } = app
const { codeOf, enrolled, firstStep, login, secondStep } = secondFactorSteps(app)

/** A person with a passkey, and the session that added it, which is aal2. */
async function withPasskey() {
  const person = await registered(app)
  const { passkey } = await givenPasskey(app, { bearer: person.accessToken })
  // What the session has shown stands in its next token.
  const renewed = await request('/v1/auth/refresh', { json: { refreshToken: person.refreshToken } })
  const { accessToken, refreshToken } = await bodyOf<SessionJson>(renewed)
  return { ...person, accessToken, refreshToken, passkey }
}
const optionsFor = async (mfaToken: string) => {
  const answer = await request('/v1/auth/mfa/options', { json: { mfaToken } })
  expect(answer.status).toBe(200)
  return bodyOf<RequestOptions>(answer)
}
const answerOf = (passkey: SoftPasskey, { challengeToken, options }: RequestOptions) => ({
  challengeToken,
  response: passkey.get(options),
})
const complete = (mfaToken: string, passkey: object) => request('/v1/auth/mfa', { json: { mfaToken, passkey } })
const prove = (bearer: string, passkey: object) => request('/v1/auth/reauthenticate', { json: { passkey }, bearer })
const optionsOf = async (bearer: string) => {
  const answer = await request('/v1/auth/reauthenticate/options', { method: 'POST', bearer })
  expect(answer.status).toBe(200)
  return bodyOf<RequestOptions>(answer)
}

describe('a passkey as the second step', () => {
  test('opens a session that says both, names the account’s own, and is used once', async () => {
    const person = await withPasskey()
    const asked = await bodyOf<{ mfaToken: string; methods: string[] }>(await login(person))
    expect(asked.methods).toEqual(['passkey'])
    const options = await optionsFor(asked.mfaToken)
    expect(options.options.allowCredentials).toHaveLength(1)
    const answer = answerOf(person.passkey, options)
    const done = await complete(asked.mfaToken, answer)
    expect(done.status).toBe(200)
    const { accessToken } = await bodyOf<SessionJson>(done)
    const { amr, acr } = claimsOf(accessToken)
    expect([acr, (amr as string[])[0], (amr as string[]).length]).toEqual(['aal2', 'pwd', 2])
    await expectProblem(await complete(asked.mfaToken, answer), 'invalid-mfa-token')
  })

  test('of fifty uses of one response at once one opens a session', async () => {
    const person = await withPasskey()
    const mfaToken = await firstStep(person)
    const answer = answerOf(person.passkey, await optionsFor(mfaToken))
    const statuses = await Promise.all(
      Array.from({ length: 50 }, () => complete(mfaToken, answer).then(({ status }) => status)),
    )
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
  })

  test('is good for this sign-in alone: not for another one, nor for signing in or proving oneself again', async () => {
    const person = await withPasskey()
    const [mfaToken, other] = [await firstStep(person), await firstStep(person)]
    const ofOther = answerOf(person.passkey, await optionsFor(other))
    const ofSignIn = answerOf(person.passkey, await signInOptions(app))
    const ofProof = answerOf(person.passkey, await optionsOf(person.accessToken))
    for (const answer of [ofOther, ofSignIn, ofProof])
      await expectProblem(await complete(mfaToken, answer), 'invalid-passkey')
    const own = answerOf(person.passkey, await optionsFor(mfaToken))
    await expectProblem(await prove(person.accessToken, own), 'invalid-passkey')
    await expectProblem(await request('/v1/auth/passkey', { json: own }), 'invalid-passkey')
    expect((await complete(mfaToken, own)).status).toBe(200)
  })

  test('of somebody else is refused, and five wrong ones void the token', async () => {
    const person = await withPasskey()
    const stranger = await withPasskey()
    const mfaToken = await firstStep(person)
    const options = await optionsFor(mfaToken)
    for (const passkey of [stranger.passkey, new SoftPasskey(), stranger.passkey, stranger.passkey, stranger.passkey])
      await expectProblem(await complete(mfaToken, answerOf(passkey, options)), 'invalid-passkey')
    await expectProblem(await complete(mfaToken, answerOf(person.passkey, options)), 'invalid-mfa-token')
    await expectProblem(await request('/v1/auth/mfa/options', { json: { mfaToken } }), 'invalid-mfa-token')
  })

  test('is void once another passkey was added or removed', async () => {
    const person = await withPasskey()
    const mfaToken = await firstStep(person)
    const answer = answerOf(person.passkey, await optionsFor(mfaToken))
    await givenPasskey(app, { bearer: person.accessToken })
    await expectProblem(await complete(mfaToken, answer), 'invalid-mfa-token')
  })

  test('is one of two ways: an authenticator app does as well; without a passkey there are no options', async () => {
    const person = await enrolled()
    const alone = await firstStep(person)
    await expectProblem(await request('/v1/auth/mfa/options', { json: { mfaToken: alone } }), 'no-second-factor')
    const { passkey } = await givenPasskey(app, { bearer: person.session.accessToken })
    const asked = await bodyOf<{ mfaToken: string; methods: string[] }>(await login(person))
    expect(asked.methods).toEqual(['totp', 'passkey', 'recovery-code'])
    expect((await complete(asked.mfaToken, answerOf(passkey, await optionsFor(asked.mfaToken)))).status).toBe(200)
    expect((await secondStep(await firstStep(person), codeOf(person))).status).toBe(200)
    expect(await bodyOf(await request('/v1/me/mfa', { bearer: person.session.accessToken }))).toMatchObject({
      totp: { enabled: true },
      passkeys: 1,
    })
  })

  test('neither code nor passkey, or both, is refused unread', async () => {
    const person = await withPasskey()
    const mfaToken = await firstStep(person)
    const passkey = answerOf(person.passkey, await optionsFor(mfaToken))
    for (const json of [{ mfaToken }, { mfaToken, code: '123456', passkey }])
      await expectProblem(await request('/v1/auth/mfa', { json }), 'validation-failed')
    expect((await complete(mfaToken, passkey)).status).toBe(200)
  })
})

describe('a passkey to prove oneself again', () => {
  test('makes auth_time now and the session aal2, once', async () => {
    const person = await withPasskey()
    await sql`
      update sessions set amr = '{pwd}', acr = 'aal1', auth_time = clock_timestamp() - interval '1 hour' where account_id = ${person.id}`
    const answer = answerOf(person.passkey, await optionsOf(person.accessToken))
    const proved = await prove(person.accessToken, answer)
    expect(proved.status).toBe(200)
    const { accessToken } = await bodyOf<{ accessToken: string }>(proved)
    expect(claimsOf(accessToken)).toMatchObject({ acr: 'aal2' })
    await expectProblem(await prove(person.accessToken, answer), 'invalid-passkey')
  })

  test('is bound to the session that asked', async () => {
    const person = await withPasskey()
    const mfaToken = await firstStep(person)
    const done = await complete(mfaToken, answerOf(person.passkey, await optionsFor(mfaToken)))
    const other = await bodyOf<SessionJson>(done)
    const answer = answerOf(person.passkey, await optionsOf(other.accessToken))
    await expectProblem(await prove(person.accessToken, answer), 'invalid-passkey')
    expect((await prove(other.accessToken, answer)).status).toBe(200)
  })

  test('asks for nothing where there is none', async () => {
    const { accessToken: bearer } = await registered(app)
    const answer = await request('/v1/auth/reauthenticate/options', { method: 'POST', bearer })
    await expectProblem(answer, 'no-second-factor')
  })
})

test('an administrator who resets somebody’s factors removes the passkeys too, and the owner is told', async () => {
  const admin = await signedIn(app, { role: 'admin' })
  const person = await withPasskey()
  const removed = await request(`/v1/admin/users/${person.id}/mfa`, {
    method: 'DELETE',
    bearer: admin.bearer,
    json: { reason: 'lost the phone' },
  })
  expect(removed.status).toBe(204)
  expect((await login(person)).status).toBe(200)
  const told = (await mailsTo(app, person.email)).find(({ template }) => template === 'sign-in-method-removed')
  expect(told?.contents.events).toMatchObject([{ method: 'passkey', byAdministrator: true }])
})
