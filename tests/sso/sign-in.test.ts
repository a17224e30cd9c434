import { expect, test } from 'bun:test'
import { registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { browse, openIdentityProvider } from '../support/identity-provider.ts'
import { begin, beginLink, callbackOf, comeBack, nativeReturnTo, withProviders } from '../support/journeys.ts'
import { expectProblem } from '../support/problems.ts'

const idp = await openIdentityProvider([callbackOf('clinic')], {
  asha: { email: 'Asha@Clinic.example', email_verified: true, given_name: 'Asha', family_name: 'Rao', locale: 'hi-IN' },
  ravi: { email: 'ravi@clinic.example', email_verified: true },
  nobody: { email: 'nobody@clinic.example', email_verified: false },
})
const { issuer, clientId, clientSecret } = idp
const app = await openTestApp(
  withProviders({ id: 'clinic', displayName: 'Clinic', issuer, clientId, clientSecret, trustEmail: true }),
)
const { request, sql } = app

/** All the way through the provider. */
async function goAround(person: string, to?: string) {
  const { authorizationUrl, codeVerifier } = await begin(app, 'clinic', to)
  const back = await comeBack(app, await browse(authorizationUrl, person), to)
  return { ...back, codeVerifier } as { code?: string; error?: string; codeVerifier: string }
}

const exchange = ({ code, codeVerifier }: { code?: string; codeVerifier: string }) =>
  request('/v1/auth/oidc/exchange', { json: { code, codeVerifier } })

test('whom the provider knows gets an account without a password, and comes back to it', async () => {
  expect(await bodyOf(await request('/v1/auth/providers'))).toEqual({
    items: [{ id: 'clinic', displayName: 'Clinic' }],
    nextCursor: null,
  })
  const first = await exchange(await goAround('asha'))
  expect(first.status).toBe(200)
  const { user, accessToken } = await bodyOf<SessionJson>(first)
  expect(user).toMatchObject({
    email: 'asha@clinic.example',
    emailVerified: true,
    firstName: 'Asha',
    lastName: 'Rao',
    language: 'hi-IN',
    role: 'user',
    plan: { name: 'free' },
  })
  const second = await bodyOf<SessionJson>(await exchange(await goAround('asha', nativeReturnTo)))
  expect(second.user.id).toBe(user.id)
  const { items } = await bodyOf<{ items: object[] }>(await request('/v1/me/identities', { bearer: accessToken }))
  expect(items).toEqual([
    {
      id: expect.any(String),
      provider: 'clinic',
      displayName: 'Clinic',
      email: 'asha@clinic.example',
      createdAt: expect.any(String),
      lastUsedAt: expect.any(String),
    },
  ])
  const claims = JSON.parse(Buffer.from(accessToken.split('.')[1] ?? '', 'base64url').toString())
  expect(claims).toMatchObject({ amr: ['fed'], acr: 'aal1', auth_time: expect.any(Number) })
  await expectProblem(
    await request('/v1/auth/login', { json: { email: 'asha@clinic.example', password: 'no password is right here' } }),
    'invalid-credentials',
  )
  const [row] = await sql`select password_hash from user_accounts where id = ${user.id}`
  expect(row).toEqual({ passwordHash: null })
})

test('a code of the provider that was used, or that belongs to another sign-in, lets nobody in', async () => {
  const first = await begin(app, 'clinic')
  const back = await browse(first.authorizationUrl, 'asha')
  expect(await comeBack(app, back)).toHaveProperty('code')
  const second = await begin(app, 'clinic')
  const other = await browse(second.authorizationUrl, 'asha')
  const third = await begin(app, 'clinic')
  for (const [state, code] of [
    [second.authorizationUrl, back.searchParams.get('code')],
    // Of another person's browser, say: it is bound to the verifier of its own sign-in.
    [third.authorizationUrl, other.searchParams.get('code')],
  ]) {
    const injected = new URL(other)
    injected.searchParams.set('state', new URL(state ?? '').searchParams.get('state') ?? '')
    injected.searchParams.set('code', code ?? '')
    expect(await comeBack(app, injected)).toEqual({ error: 'provider-error' })
  }
})

test('whoever refuses at the provider comes back with access-denied', async () => {
  expect((await goAround('stranger')).error).toBe('access-denied')
})

test('an address that the provider has not verified makes no account', async () => {
  expect((await goAround('nobody')).error).toBe('email-unverified')
  expect(await sql`select 1 from user_accounts where email = 'nobody@clinic.example'`).toHaveLength(0)
})

test('an identity is added from inside, signs in, and is removed', async () => {
  const person = await registered(app)
  const { authorizationUrl, codeVerifier } = await beginLink(app, 'clinic', person.accessToken)
  const { code } = await comeBack(app, await browse(authorizationUrl, 'ravi'))
  const added = await request('/v1/me/identities', { bearer: person.accessToken, json: { code, codeVerifier } })
  expect(added.status).toBe(201)
  const { id } = await bodyOf<{ id: string }>(added)
  const session = await bodyOf<SessionJson>(await exchange(await goAround('ravi')))
  expect(session.user.id).toBe(person.id)
  // The address of the identity is another than the account's, and joined nothing.
  expect(session.user.email).toBe(person.email)
  const path = `/v1/me/identities/${id}`
  expect((await request(path, { method: 'DELETE', bearer: person.accessToken })).status).toBe(204)
  expect(await sql`select 1 from identities where account_id = ${person.id}`).toHaveLength(0)
})
