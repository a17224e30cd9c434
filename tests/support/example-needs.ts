import { createLink, type LinkKind } from '../../src/account-links/links.ts'
import { givenAccount, newEmail } from './accounts.ts'
import { bodyOf, type SessionJson, type TestApp } from './app.ts'
import type { ExampleDocument } from './example-document.ts'
import { exampleRows, totpSecret } from './example-rows.ts'
import { comeBack } from './journeys.ts'
import type { openLyingProvider } from './lying-provider.ts'
import { creationOptions, givenPasskey, signInOptions } from './passkeys.ts'
import { secondFactorSteps } from './second-factors.ts'
import { SoftPasskey } from './soft-passkey.ts'

/** Routes that take the token of a link, and of which kind. */
const linkKinds: Record<string, LinkKind> = {
  'post /v1/auth/password/reset': 'reset-password',
  'post /v1/auth/email/verify': 'verify-email',
  'post /v1/auth/email/confirm-change': 'confirm-email',
  'post /v1/auth/email/undo-change': 'undo-email',
  'post /v1/auth/invitation/accept': 'accept-invitation',
}

/** Routes that take the code of a return from a provider. */
const signInWithCode = 'post /v1/auth/oidc/exchange'
const addByCode = 'post /v1/me/identities'

type Options = {
  app: TestApp
  document: ExampleDocument
  provider: Awaited<ReturnType<typeof openLyingProvider>>
  /** Sends another example. */
  send: (name: string, session: SessionJson) => Promise<Response>
}

/** What examples need beyond a person who may send them: rows that exist, and values that only this server can have issued. */
export function exampleNeeds({ app, document, provider, send }: Options) {
  const { request, sql } = app
  const { names, bodyOfExample, exampleOf } = document
  const rows = exampleRows(app)
  const { codeOf } = secondFactorSteps(app)
  const code = () => codeOf({ secret: totpSecret })
  /** Whom administration is about. */
  const personId = exampleOf('get /v1/admin/users/{id}', 'id')
  /** Tokens and codes that only this server can have issued. */
  const tokens = new Map<string, string>()
  /** Bodies that only an authenticator can make. */
  const signed = new Map<string, object>()

  async function makeCode(name: string, authorizationUrl: string): Promise<void> {
    const { code } = await comeBack(app, provider.back(authorizationUrl), 'com.example.app:/signed-in')
    tokens.set(name, code ?? '')
  }

  async function makeLink(name: string, kind: LinkKind, { user }: SessionJson): Promise<void> {
    const address = kind === 'confirm-email' ? newEmail() : user.email
    tokens.set(name, (await createLink(sql, { accountId: user.id, kind, email: address })) ?? '')
  }

  /** A session that has shown its second factor. */
  async function showTotp(session: SessionJson): Promise<void> {
    await rows.makeTotp(session.user.id)
    const raised = await request('/v1/auth/reauthenticate', { json: { code: code() }, bearer: session.accessToken })
    session.accessToken = (await bodyOf<{ accessToken: string }>(raised)).accessToken
  }

  async function makeMfaToken({ user }: SessionJson): Promise<void> {
    tokens.set('post /v1/auth/mfa', await rows.makeMfaToken(user.id))
  }

  async function makeKey(session: SessionJson): Promise<void> {
    const id = exampleOf('get /v1/api-keys/{id}', 'id')
    await sql`delete from api_keys where id = ${id}`
    const key = await bodyOf<{ id: string }>(await send('post /v1/api-keys', session))
    await sql`update api_keys set id = ${id} where id = ${key.id}`
  }

  const makePasskey = ({ user }: SessionJson) =>
    rows.makePasskey(exampleOf('delete /v1/me/passkeys/{id}', 'id'), user.id)

  function makeWebhook(name: string, { user }: SessionJson): Promise<void> {
    const owner = name.includes('/admin/') ? null : user.id
    const delivery = name.includes('{deliveryId}') ? exampleOf(name, 'deliveryId') : undefined
    return rows.makeWebhook(exampleOf(name, 'id'), owner, user.id, delivery)
  }

  async function makeRole(session: SessionJson): Promise<void> {
    const found = await send('get /v1/admin/roles/{name}', session)
    if (found.status === 404) await send('post /v1/admin/roles', session)
  }

  /** What must be there before, beyond the person who asks and the one whom administration is about. */
  const before: Record<string, (session: SessionJson) => Promise<unknown>> = {
    'delete /v1/auth/sessions/{id}': ({ user }) =>
      rows.makeSession(exampleOf('delete /v1/auth/sessions/{id}', 'id'), user.id),
    'delete /v1/admin/users/{id}/sessions/{sid}': () =>
      rows.makeSession(exampleOf('delete /v1/admin/users/{id}/sessions/{sid}', 'sid'), personId),
    'post /v1/auth/mfa': makeMfaToken,
    'post /v1/auth/mfa/options': async (session) => {
      await givenPasskey(app, { bearer: session.accessToken })
      await makeMfaToken(session)
    },
    'post /v1/auth/reauthenticate/options': ({ accessToken }) => givenPasskey(app, { bearer: accessToken }),
    'post /v1/me/mfa/totp/confirm': ({ user }) => rows.makeEnrolment(user.id),
    'delete /v1/me/mfa/totp': showTotp,
    'post /v1/me/mfa/recovery-codes': showTotp,
    [signInWithCode]: async (session) => {
      const subject = session.user.id
      provider.lies.claims = { sub: subject }
      await sql`insert into identities (id, account_id, provider, issuer, subject) values (${subject}, ${subject}, 'google', ${provider.issuer}, ${subject})`
      const answer = await send('get /v1/auth/oidc/{provider}/start', session)
      await makeCode(signInWithCode, answer.headers.get('location') ?? '')
    },
    [addByCode]: async (session) => {
      const answer = await send('post /v1/me/identities/{provider}/start', session)
      provider.lies.claims = { sub: session.user.id }
      await makeCode(addByCode, (await bodyOf<{ authorizationUrl: string }>(answer)).authorizationUrl)
    },
    'delete /v1/me/identities/{id}': ({ user }) =>
      rows.makeIdentity(exampleOf('delete /v1/me/identities/{id}', 'id'), user.id),
    'get /v1/api-keys/{id}': makeKey,
    'delete /v1/api-keys/{id}': makeKey,
    'post /v1/auth/passkey': async ({ accessToken }) => {
      const { passkey } = await givenPasskey(app, { bearer: accessToken })
      const { challengeToken, options } = await signInOptions(app)
      signed.set('post /v1/auth/passkey', { challengeToken, response: passkey.get(options) })
    },
    'post /v1/me/passkeys': async ({ accessToken }) => {
      const { challengeToken, options } = await creationOptions(app, { bearer: accessToken })
      signed.set('post /v1/me/passkeys', { challengeToken, response: new SoftPasskey().create(options) })
    },
    'patch /v1/me/passkeys/{id}': makePasskey,
    'delete /v1/me/passkeys/{id}': makePasskey,
    'post /v1/admin/mail/{id}/retry': ({ user }) =>
      rows.makeMail(exampleOf('post /v1/admin/mail/{id}/retry', 'id'), user.email),
    ...Object.fromEntries(
      names
        .filter((name) => name.includes('webhooks/{id}'))
        .map((name) => [name, (session: SessionJson) => makeWebhook(name, session)]),
    ),
    'get /v1/admin/roles/{name}': makeRole,
    'patch /v1/admin/roles/{name}': makeRole,
    'delete /v1/admin/roles/{name}': makeRole,
    'put /v1/admin/roles/{name}/permissions': makeRole,
    'delete /v1/admin/users/{id}/features/{name}': (session) =>
      send('put /v1/admin/users/{id}/features/{name}', session),
    'delete /v1/subscription': (session) => send('post /v1/subscription', session),
    ...Object.fromEntries(
      Object.entries(linkKinds).map(([name, kind]) => [name, (session: SessionJson) => makeLink(name, kind, session)]),
    ),
    'post /v1/admin/users/{id}/invitation': ({ user }) => rows.makeInvited(personId, user.id),
    'post /v1/auth/invitation/accept': async (session) => {
      await rows.makeInvited(session.user.id, personId)
      await makeLink('post /v1/auth/invitation/accept', 'accept-invitation', session)
    },
    'delete /v1/team/members/{id}': async ({ user }) => rows.makeMember(personId, await rows.makeTeam(user.id)),
    'delete /v1/team/invitations/{id}': async ({ user }) => {
      const id = exampleOf('delete /v1/team/invitations/{id}', 'id')
      await rows.makeTeamInvitation(id, await rows.makeTeam(user.id), newEmail(), 'of nobody')
    },
    'post /v1/team/accept': async ({ user }) => {
      const { id } = await givenAccount(app, { plan: 'enterprise' })
      const token = Bun.randomUUIDv7()
      await rows.makeTeamInvitation(Bun.randomUUIDv7(), await rows.makeTeam(id), user.email, token)
      await sql`update user_accounts set email_verified_at = now() where id = ${user.id}`
      tokens.set('post /v1/team/accept', token)
    },
    'post /v1/subscription/portal': ({ user }) => rows.makePaid(user.id),
    'post /v1/admin/billing/events/{id}/replay': () =>
      rows.makeBillingEvent(exampleOf('post /v1/admin/billing/events/{id}/replay', 'id')),
    'post /v1/subscription/resume': async (session) => {
      await send('post /v1/subscription', session)
      await send('delete /v1/subscription', session)
    },
  }

  /** What only this server can have issued takes the place of its example. */
  const issued: Record<string, (session: SessionJson) => object> = {
    'post /v1/auth/refresh': ({ refreshToken }) => ({ refreshToken }),
    'post /v1/auth/passkey': () => ({ ...signed.get('post /v1/auth/passkey') }),
    'post /v1/me/passkeys': () => ({ ...bodyOfExample('post /v1/me/passkeys'), ...signed.get('post /v1/me/passkeys') }),
    'post /v1/auth/mfa/options': () => ({ mfaToken: tokens.get('post /v1/auth/mfa') }),
    'post /v1/auth/mfa': () => ({ mfaToken: tokens.get('post /v1/auth/mfa'), code: code() }),
    'post /v1/me/mfa/totp/confirm': () => ({ code: code() }),
    'post /v1/team/accept': () => ({ token: tokens.get('post /v1/team/accept') }),
    ...Object.fromEntries(
      [signInWithCode, addByCode].map((name) => [name, () => ({ ...bodyOfExample(name), code: tokens.get(name) })]),
    ),
    ...Object.fromEntries(
      Object.keys(linkKinds).map((name) => [name, () => ({ ...bodyOfExample(name), token: tokens.get(name) })]),
    ),
  }

  return { before, issued, personId, rows }
}
