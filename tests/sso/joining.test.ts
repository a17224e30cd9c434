import { afterEach, describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, logIn, newEmail, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { begin, beginLink, comeBack, withProviders } from '../support/journeys.ts'
import { openLyingProvider } from '../support/lying-provider.ts'
import { templatesTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'

const idp = await openLyingProvider()
const known = { displayName: 'Clinic', issuer: idp.issuer, clientId: 'manas' }
const app = await openTestApp({
  ...withProviders({ ...known, id: 'trusted', trustEmail: true }, { ...known, id: 'stranger' }),
  CONSENT_DOCUMENTS: 'terms@1!',
})
const { request, sql } = app
const terms = { consents: [{ document: 'terms', version: '1' }] }
afterEach(() => idp.behave())

const exchange = (json: { code?: string; codeVerifier: string }, headers: Record<string, string> = {}) =>
  request('/v1/auth/oidc/exchange', { json, headers })

/** Somebody at the provider. */
const person = (claims: Record<string, unknown> = {}) => ({
  sub: Bun.randomUUIDv7(),
  email: newEmail(),
  email_verified: true,
  ...claims,
})

/** What the app gets of the callback, with its verifier. */
async function goAround(claims: Record<string, unknown>, provider = 'trusted') {
  idp.lies.claims = claims
  const { authorizationUrl, codeVerifier } = await begin(app, provider)
  return { codeVerifier, ...(await comeBack(app, idp.back(authorizationUrl))) } as {
    codeVerifier: string
    code?: string
    error?: string
  }
}

/** An account whose address is verified. */
async function proved(options: Parameters<typeof givenAccount>[1] = {}) {
  const account = await givenAccount(app, options)
  await sql`update user_accounts set email_verified_at = now() where id = ${account.id}`
  return account
}

const identitiesOf = async (id: string) => [
  ...(await sql<
    { provider: string; subject: string }[]
  >`select provider, subject from identities where account_id = ${id}`),
]

describe('a verified address of a trusted provider', () => {
  test('joins the account that proved it, which is told and keeps its password', async () => {
    const account = await proved()
    const who = person({ email: account.email.toUpperCase() })
    const session = await bodyOf<SessionJson>(await exchange(await goAround(who)))
    expect(session.user.id).toBe(account.id)
    expect(await identitiesOf(account.id)).toEqual([{ provider: 'trusted', subject: who.sub }])
    const audit = await sql`
      select action, details from audit_logs where entity_id = ${account.id} and action = 'identity.link'`
    expect(audit).toMatchObject([{ details: { provider: 'trusted', by: 'address' } }])
    const templates = await templatesTo(app, account.email)
    expect(templates).toEqual(expect.arrayContaining(['sign-in-method-added', 'new-device']))
    await logIn(app, account)
  })

  test('joins nobody whose own address is not verified: whoever opened that account may be anybody', async () => {
    const squatter = await givenAccount(app)
    expect((await goAround(person({ email: squatter.email }))).error).toBe('identity-conflict')
    expect(await identitiesOf(squatter.id)).toEqual([])
  })

  test('joins no administrator, and nobody with a second factor', async () => {
    const administrator = await proved({ role: 'admin' })
    const guarded = await proved()
    await sql`update user_accounts set second_factors = '{totp}' where id = ${guarded.id}`
    for (const { email } of [administrator, guarded])
      expect((await goAround(person({ email }))).error).toBe('identity-conflict')
  })

  test('finds a locked and an invited account unavailable', async () => {
    const locked = await proved({ status: 'locked' })
    const invited = await givenAccount(app)
    await sql`update user_accounts set status = 'invited', is_invited = true, password_hash = null where id = ${invited.id}`
    for (const { email } of [locked, invited])
      expect((await goAround(person({ email }))).error).toBe('account-unavailable')
  })

  test('is no other account’s that gave it up a moment ago', async () => {
    const email = newEmail()
    const former = await proved()
    await sql`
      insert into account_links (account_id, kind, slot, token_hash, email, expires_at)
      values (${former.id}, 'undo-email', 1, sha256(${email}::text::bytea), ${email}, now() + interval '1 day')`
    expect((await goAround(person({ email }))).error).toBe('identity-conflict')
  })

  test('joins nothing that changed after the callback', async () => {
    const account = await proved()
    const { codeVerifier, code } = await goAround(person({ email: account.email }))
    await sql`update user_accounts set second_factors = '{totp}' where id = ${account.id}`
    await expectProblem(await exchange({ code, codeVerifier }), 'identity-conflict')
    expect(await identitiesOf(account.id)).toEqual([])
  })
})

describe('the word of a provider that is not trusted', () => {
  test('joins nobody', async () => {
    const account = await proved()
    expect((await goAround(person({ email: account.email }), 'stranger')).error).toBe('identity-conflict')
    const locked = await proved({ status: 'locked' })
    expect((await goAround(person({ email: locked.email }), 'stranger')).error).toBe('identity-conflict')
  })

  test('opens an account whose address waits for its link', async () => {
    const who = person()
    const session = await bodyOf<SessionJson>(await exchange(await goAround(who, 'stranger')))
    expect(session.user).toMatchObject({ email: who.email, emailVerified: false })
    expect(await templatesTo(app, who.email)).toEqual(['verify-email'])
  })
})

test.each([
  ['not verified', { email_verified: false }],
  ['verified as anybody says it', { email_verified: 'yes' }],
  ['missing', { email: undefined }],
  ['none', { email: 'nobody' }],
  ['a list', { email: ['a@people.test'] }],
  ['verified by Microsoft alone', { email_verified: undefined, xms_edov: true }],
])('an address that is %s at the provider makes and joins nothing', async (_what, claims) => {
  const account = await proved()
  const who = person({ email: account.email, ...claims })
  expect((await goAround(who)).error).toBe('email-unverified')
  expect(await sql`select 1 from identities where subject = ${who.sub}`).toHaveLength(0)
})

test('an identity is issuer and subject: a changed address joins nobody else (nOAuth)', async () => {
  const who = person()
  const own = await bodyOf<SessionJson>(await exchange(await goAround(who)))
  const victim = await proved()
  const again = await bodyOf<SessionJson>(await exchange(await goAround({ ...who, email: victim.email })))
  expect(again.user.id).toBe(own.user.id)
  expect(again.user.email).toBe(who.email)
  // Nor does another subject with the address of an identity get into its account.
  const other = await goAround(person({ email: who.email }), 'stranger')
  expect(other.error).toBe('identity-conflict')
})

describe('a new account', () => {
  test('has no password, agreed to nothing yet, and log-in answers as for a wrong password', async () => {
    const who = person({ given_name: 'Asha', family_name: 'x'.repeat(500), locale: 'hi' })
    const session = await bodyOf<SessionJson>(await exchange(await goAround(who)))
    expect(session.user).toMatchObject({
      emailVerified: true,
      firstName: 'Asha',
      lastName: null,
      language: 'hi',
      consentsDue: [{ document: 'terms', version: '1' }],
    })
    const wrong = { json: { email: who.email, password: goodPassword } }
    await expectProblem(await request('/v1/auth/login', wrong), 'invalid-credentials')
    const [audit] = await sql`
      select details from audit_logs where action = 'account.create' and entity_id = ${session.user.id}`
    expect(audit).toMatchObject({ details: { provider: 'trusted', sessionId: expect.any(String) } })
  })

  test('is locked like any other', async () => {
    const who = person()
    const session = await bodyOf<SessionJson>(await exchange(await goAround(who)))
    const inFlight = await goAround(who)
    await sql`update user_accounts set status = 'locked' where id = ${session.user.id}`
    expect((await goAround(who)).error).toBe('account-unavailable')
    await expectProblem(await exchange(inFlight), 'account-disabled')
  })
})

test('a known device is not told of; another is', async () => {
  const who = person()
  const { deviceToken } = await bodyOf<SessionJson>(await exchange(await goAround(who)))
  await exchange(await goAround(who), { 'X-Device-Token': deviceToken })
  const ofDevices = async () => (await templatesTo(app, who.email)).filter((template) => template === 'new-device')
  expect(await ofDevices()).toHaveLength(0)
  await exchange(await goAround(who), { 'X-Device-Token': 'x' })
  expect(await ofDevices()).toHaveLength(1)
})

describe('adding an identity', () => {
  async function link(bearer: string, claims: Record<string, unknown>) {
    idp.lies.claims = claims
    const { authorizationUrl, codeVerifier } = await beginLink(app, 'stranger', bearer)
    return { codeVerifier, ...(await comeBack(app, idp.back(authorizationUrl))) } as {
      codeVerifier: string
      code?: string
    }
  }
  const add = (bearer: string, json: object) => request('/v1/me/identities', { bearer, json })

  test('needs no verified address, and the account that began', async () => {
    const [owner, other] = await Promise.all([registered(app, terms), registered(app, terms)])
    const shown = await link(owner.accessToken, person({ email: undefined }))
    // The owner's browser was led to somebody else's authorisation URL: the code is worth nothing to them.
    await expectProblem(await add(other.accessToken, shown), 'invalid-code')
    await expectProblem(await add(owner.accessToken, shown), 'invalid-code')
    const again = await link(owner.accessToken, person({ email: undefined }))
    expect((await add(owner.accessToken, again)).status).toBe(201)
    expect(await identitiesOf(owner.id)).toHaveLength(1)
    expect(await identitiesOf(other.id)).toEqual([])
  })

  test('of another account is refused, at the return and at the end', async () => {
    const [owner, other] = await Promise.all([registered(app, terms), registered(app, terms)])
    const who = person()
    const late = await link(other.accessToken, who)
    expect((await add(owner.accessToken, await link(owner.accessToken, who))).status).toBe(201)
    await expectProblem(await add(other.accessToken, late), 'identity-conflict')
    expect(await link(other.accessToken, who)).toHaveProperty('error', 'identity-conflict')
    await expectProblem(await add(owner.accessToken, await link(owner.accessToken, who)), 'already-exists')
  })

  test('is bounded', async () => {
    const owner = await registered(app, terms)
    await sql`
      insert into identities (id, account_id, provider, issuer, subject)
      select gen_random_uuid(), ${owner.id}, 'x', 'https://x.example', gen_random_uuid() from generate_series(1, 10)`
    await expectProblem(await add(owner.accessToken, await link(owner.accessToken, person())), 'too-many-identities')
  })

  test('wants a recent sign-in, and the second factor where there is one', async () => {
    const owner = await registered(app, terms)
    const shown = await link(owner.accessToken, person())
    await sql`update user_accounts set second_factors = '{totp}' where id = ${owner.id}`
    await expectProblem(await add(owner.accessToken, shown), 'mfa-required')
    app.clock.advance(601)
    const wants = await add(owner.accessToken, shown)
    app.clock.offsetMs = 0
    await expectProblem(wants, 'reauthentication-required')
  })
})

test('the last way to sign in stays; one of a provider that is not configured is none', async () => {
  const who = person()
  const { user, accessToken: bearer } = await bodyOf<SessionJson>(await exchange(await goAround(who)))
  const [own] = await sql<{ id: string }[]>`select id from identities where account_id = ${user.id}`
  const path = `/v1/me/identities/${own?.id}`
  await sql`
    insert into identities (id, account_id, provider, issuer, subject)
    values (${Bun.randomUUIDv7()}, ${user.id}, 'gone', 'https://x.example', ${user.id})`
  await expectProblem(await request(path, { method: 'DELETE', bearer }), 'last-sign-in-method')
  const hash = await app.deps.passwords.hash(goodPassword)
  await sql`update user_accounts set password_hash = ${hash} where id = ${user.id}`
  expect((await request(path, { method: 'DELETE', bearer })).status).toBe(204)
  const templates = await templatesTo(app, who.email)
  expect(templates).toContain('sign-in-method-removed')
})
