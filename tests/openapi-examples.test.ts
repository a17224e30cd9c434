import { expect, test } from 'bun:test'
import { createLink, type LinkKind } from '../src/account-links/links.ts'
import type { SecondFactorKind } from '../src/auth/first-factor.ts'
import { askForFactor } from '../src/mfa/challenge.ts'
import { openApiDocument } from '../src/ops/openapi.ts'
import { givenAccount, logIn, newEmail } from './support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from './support/app.ts'
import { comeBack } from './support/journeys.ts'
import { openLyingProvider } from './support/lying-provider.ts'
import { creationOptions, givenPasskey, signInOptions, storedPasskey } from './support/passkeys.ts'
import { secondFactorSteps } from './support/second-factors.ts'
import { SoftPasskey } from './support/soft-passkey.ts'

type Parameter = { in: string; name: string; required?: boolean; example?: string; schema: { examples?: string[] } }
type Operation = {
  parameters?: Parameter[]
  requestBody?: { content: Record<string, { example?: Record<string, unknown> }> }
}

const provider = await openLyingProvider()
const app = await openTestApp({
  CONSENT_DOCUMENTS: 'terms@2026-01',
  BILLING_PROVIDERS: 'sandbox',
  RETURN_URLS: 'com.example.app:/signed-in',
  OIDC_PROVIDERS: JSON.stringify([{ id: 'google', displayName: 'Google', issuer: provider.issuer, clientId: 'manas' }]),
})
const { request, sql } = app
const document = (await openApiDocument(app.app, 'http://localhost')) as {
  paths: Record<string, Record<string, Operation>>
}
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, method, path, operation })),
)
/** Whoever is erased cannot be made again under the same id, so that comes last. */
const last = 'delete /v1/admin/users/{id}'
operations.sort((a, b) => Number(a.name === last) - Number(b.name === last))

const { email, password } = bodyOfExample('post /v1/auth/login') as { email: string; password: string }
const hash = await app.deps.passwords.hash(password)
const personId = exampleOf('get /v1/admin/users/{id}', 'id')

/** Who asks: a superadmin on every feature, unless that stands in the way. */
const actors: Record<string, Parameters<typeof givenAccount>[1]> = {
  'post /v1/auth/register': { email: newEmail() },
  'delete /v1/me': { plan: 'free' },
  'post /v1/subscription': { plan: 'free' },
  'delete /v1/subscription': { plan: 'free' },
  'post /v1/subscription/resume': { plan: 'free' },
  'post /v1/auth/invitation/accept': { plan: 'free' },
  'post /v1/team/accept': { plan: 'free' },
}

/** Routes that take the token of a link, and of which kind. */
const linkKinds: Record<string, LinkKind> = {
  'post /v1/auth/password/reset': 'reset-password',
  'post /v1/auth/email/verify': 'verify-email',
  'post /v1/auth/email/confirm-change': 'confirm-email',
  'post /v1/auth/email/undo-change': 'undo-email',
  'post /v1/auth/invitation/accept': 'accept-invitation',
}
const tokens = new Map<string, string>()
/** A body that only a payment provider can sign. */
const signedElsewhere = 'post /v1/billing/webhooks/{provider}'
/** Bodies that only an authenticator can make. */
const signed = new Map<string, object>()

/** Routes that take the code of a return from a provider. */
const signInWithCode = 'post /v1/auth/oidc/exchange'
const addByCode = 'post /v1/me/identities'

async function makeCode(name: string, authorizationUrl: string): Promise<void> {
  const { code } = await comeBack(app, provider.back(authorizationUrl), 'com.example.app:/signed-in')
  tokens.set(name, code ?? '')
}

async function makeLink(name: string, kind: LinkKind, { user }: SessionJson): Promise<void> {
  const address = kind === 'confirm-email' ? newEmail() : user.email
  tokens.set(name, (await createLink(sql, { accountId: user.id, kind, email: address })) ?? '')
}

/** A code, or what needs a confirmed authenticator app to be there. */
async function makeTotp({ user }: SessionJson): Promise<void> {
  const id = Bun.randomUUIDv7()
  const secret = app.deps.secrets.encrypt(totpSecret, { table: 'totp_factors', column: 'secret', id })
  await sql`insert into totp_factors (id, account_id, secret, confirmed_at) values (${id}, ${user.id}, ${secret}, now())`
  await sql`update user_accounts set second_factors = '{totp}' where id = ${user.id}`
}

async function makeEnrolment(session: SessionJson): Promise<void> {
  await makeTotp(session)
  await sql`update totp_factors set confirmed_at = null where account_id = ${session.user.id}`
  await sql`update user_accounts set second_factors = '{}' where id = ${session.user.id}`
}

/** The same, which the session has shown. */
async function showTotp(session: SessionJson): Promise<void> {
  await makeTotp(session)
  const raised = await request('/v1/auth/reauthenticate', { json: { code: code() }, bearer: session.accessToken })
  session.accessToken = (await bodyOf<{ accessToken: string }>(raised)).accessToken
}

async function makeMfaToken(session: SessionJson): Promise<void> {
  await makeTotp(session)
  const [row] = await sql<{ secondFactors: SecondFactorKind[] }[]>`
    update user_accounts a
       set second_factors = '{totp}' || case when exists (select from passkeys where account_id = a.id) then '{passkey}'::text[] else '{}' end
     where id = ${session.user.id} returning second_factors`
  const account = { id: session.user.id, passwordVersion: 1, secondFactors: row?.secondFactors ?? [] }
  const origin = { ip: '127.0.0.1', userAgent: null, requestId: 'a test' }
  const asked = await askForFactor(app.deps, { account, amr: ['pwd'], origin, deviceId: null })
  tokens.set('post /v1/auth/mfa', asked?.mfaToken ?? '')
}

const totpSecret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const { codeOf } = secondFactorSteps(app)
const code = () => codeOf({ secret: totpSecret })

/** What must be there before, beyond the person who asks and the one whom administration is about. */
const before: Record<string, (session: SessionJson) => Promise<unknown>> = {
  'delete /v1/auth/sessions/{id}': ({ user }) => {
    const id = exampleOf('delete /v1/auth/sessions/{id}', 'id')
    return sql`insert into sessions (id, account_id, expires_at) values (${id}, ${user.id}, now() + interval '1 day')`
  },
  'delete /v1/admin/users/{id}/sessions/{sid}': () => {
    const id = exampleOf('delete /v1/admin/users/{id}/sessions/{sid}', 'sid')
    return sql`insert into sessions (id, account_id, expires_at) values (${id}, ${personId}, now() + interval '1 day') on conflict (id) do update set account_id = excluded.account_id, ended_at = null`
  },
  'post /v1/auth/mfa': makeMfaToken,
  'post /v1/auth/mfa/options': async (session) => {
    await givenPasskey(app, { bearer: session.accessToken })
    await makeMfaToken(session)
  },
  'post /v1/auth/reauthenticate/options': ({ accessToken }) => givenPasskey(app, { bearer: accessToken }),
  'post /v1/me/mfa/totp/confirm': makeEnrolment,
  'delete /v1/me/mfa/totp': showTotp,
  'post /v1/me/mfa/recovery-codes': showTotp,
  [signInWithCode]: async (session) => {
    const answer = await send('get /v1/auth/oidc/{provider}/start', session)
    await makeCode(signInWithCode, answer.headers.get('location') ?? '')
  },
  [addByCode]: async (session) => {
    const answer = await send('post /v1/me/identities/{provider}/start', session)
    provider.lies.claims = { sub: session.user.id }
    await makeCode(addByCode, (await bodyOf<{ authorizationUrl: string }>(answer)).authorizationUrl)
  },
  'delete /v1/me/identities/{id}': ({ user }) => {
    const id = exampleOf('delete /v1/me/identities/{id}', 'id')
    return sql`insert into identities (id, account_id, provider, issuer, subject) values (${id}, ${user.id}, 'google', 'https://x.example', ${user.id})`
  },
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
  'post /v1/admin/mail/{id}/retry': makeMail,
  ...Object.fromEntries(
    operations
      .filter(({ path }) => /webhooks\/\{id\}/.test(path) && !path.includes('billing'))
      .map(({ name }) => [name, (session: SessionJson) => makeWebhook(name, session)]),
  ),
  'get /v1/admin/roles/{name}': makeRole,
  'patch /v1/admin/roles/{name}': makeRole,
  'delete /v1/admin/roles/{name}': makeRole,
  'put /v1/admin/roles/{name}/permissions': makeRole,
  'delete /v1/admin/users/{id}/features/{name}': (session) => send('put /v1/admin/users/{id}/features/{name}', session),
  'delete /v1/subscription': (session) => send('post /v1/subscription', session),
  ...Object.fromEntries(
    Object.entries(linkKinds).map(([name, kind]) => [name, (session: SessionJson) => makeLink(name, kind, session)]),
  ),
  'post /v1/admin/users/{id}/invitation': ({ user }) => makeInvited(personId, user.id),
  'post /v1/auth/invitation/accept': async (session) => {
    await makeInvited(session.user.id, personId)
    await makeLink('post /v1/auth/invitation/accept', 'accept-invitation', session)
  },
  'delete /v1/team/members/{id}': async ({ user }) => {
    const team = await makeTeam(user.id)
    await sql`delete from team_members where account_id = ${personId}`
    await sql`insert into team_members (account_id, team_id) values (${personId}, ${team})`
  },
  'delete /v1/team/invitations/{id}': async ({ user }) => {
    const id = exampleOf('delete /v1/team/invitations/{id}', 'id')
    await sql`delete from team_invitations where id = ${id}`
    await makeTeamInvitation(id, await makeTeam(user.id), newEmail(), 'of nobody')
  },
  'post /v1/team/accept': async ({ user }) => {
    const { id } = await givenAccount(app, { plan: 'enterprise' })
    const token = Bun.randomUUIDv7()
    await makeTeamInvitation(Bun.randomUUIDv7(), await makeTeam(id), user.email, token)
    await sql`update user_accounts set email_verified_at = now() where id = ${user.id}`
    tokens.set('post /v1/team/accept', token)
  },
  'post /v1/subscription/portal': ({ user }) => makePaid(user.id),
  'post /v1/admin/billing/events/{id}/replay': () => {
    const id = exampleOf('post /v1/admin/billing/events/{id}/replay', 'id')
    return sql`
      insert into billing_events (id, provider, event_id, type, status, ended_at) values (${id}, 'sandbox', ${id}, 'example', 'failed', now())`
  },
  'post /v1/subscription/resume': async (session) => {
    await send('post /v1/subscription', session)
    await send('delete /v1/subscription', session)
  },
}

/** Whom administration is about. */
async function makePerson(): Promise<void> {
  const made = await sql`
    insert into user_accounts (id, email, password_hash) values (${personId}, ${newEmail()}, ${hash}) on conflict do nothing returning 1`
  if (made.length > 0)
    await sql`
      insert into user_subscriptions (id, account_id, plan, status) values (${Bun.randomUUIDv7()}, ${personId}, 'free', 'active')`
}

async function makeTeam(ownerId: string): Promise<string> {
  const id = Bun.randomUUIDv7()
  await sql`insert into teams (id, owner_id) values (${id}, ${ownerId})`
  await sql`insert into team_members (account_id, team_id) values (${ownerId}, ${id})`
  return id
}

async function makeTeamInvitation(id: string, team: string, address: string, token: string): Promise<void> {
  await sql`
    insert into team_invitations (id, team_id, email, token_hash, expires_at)
    values (${id}, ${team}, ${address}, sha256(${token}), now() + interval '1 day')`
}

/** As if they paid through a provider. */
async function makePaid(accountId: string): Promise<void> {
  await sql`
    update user_subscriptions set provider = 'sandbox', provider_subscription_id = 'sbx_sub_example', paid_until = now() + interval '30 days',
           price_id = (select id from plan_prices where plan = 'professional' limit 1)
     where account_id = ${accountId} and ended_at is null`
  await sql`insert into billing_customers (account_id, provider, customer_id) values (${accountId}, 'sandbox', 'sbx_cus_example')`
}

async function makeInvited(id: string, invitedBy: string): Promise<void> {
  await sql`
    update user_accounts set status = 'invited', is_invited = true, password_hash = null, email_verified_at = null where id = ${id}`
  await sql`insert into invitations (account_id, invited_by, role_by) values (${id}, ${invitedBy}, ${invitedBy})`
}

async function makeKey(session: SessionJson): Promise<void> {
  const id = exampleOf('get /v1/api-keys/{id}', 'id')
  await sql`delete from api_keys where id = ${id}`
  const key = await bodyOf<{ id: string }>(await send('post /v1/api-keys', session))
  await sql`update api_keys set id = ${id} where id = ${key.id}`
}

async function makePasskey({ user }: SessionJson): Promise<void> {
  const id = exampleOf('delete /v1/me/passkeys/{id}', 'id')
  await sql`delete from passkeys where id = ${id}`
  await sql`update passkeys set id = ${id} where id = ${await storedPasskey(app, user.id)}`
}

async function makeMail({ user }: SessionJson): Promise<void> {
  const id = exampleOf('post /v1/admin/mail/{id}/retry', 'id')
  await sql`
    insert into mail_outbox (id, recipient, language, template, message_id, status, attempts, ended_at)
    values (${id}, ${user.email}, 'en', 'reset-password', ${`<${id}@x>`}, 'failed', 1, now()) on conflict do nothing`
}

async function makeWebhook(name: string, { user }: SessionJson): Promise<void> {
  const [id, owner] = [exampleOf(name, 'id'), name.includes('/admin/') ? null : user.id]
  await sql`delete from webhook_endpoints where id = ${id}`
  await sql`
    insert into webhook_endpoints (id, account_id, created_by, url, events, secret)
    values (${id}, ${owner}, ${user.id}, 'https://hooks.example.com/', '{account.updated}',
            ${app.deps.secrets.encrypt('whsec_AAAA', { table: 'webhook_endpoints', column: 'secret', id })})`
  if (!name.includes('{deliveryId}')) return
  const message = Bun.randomUUIDv7()
  await sql`insert into webhook_messages (id, type, body, account_id) values (${message}, 'webhook.test', '{}', ${owner})`
  await sql`
    insert into webhook_deliveries (id, endpoint_id, message_id) values (${exampleOf(name, 'deliveryId')}, ${id}, ${message})`
}

async function makeRole(session: SessionJson): Promise<void> {
  const found = await send('get /v1/admin/roles/{name}', session)
  if (found.status === 404) await send('post /v1/admin/roles', session)
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

function find(name: string): Operation {
  const found = operations.find((operation) => operation.name === name)
  if (!found) throw new Error(`${name} is not in the document`)
  return found.operation
}

function bodyOfExample(name: string): Record<string, unknown> | undefined {
  return find(name).requestBody?.content['application/json']?.example
}

function exampleOf(name: string, parameter: string): string {
  const found = find(name).parameters?.find((candidate) => candidate.name === parameter)
  const example = found?.example ?? found?.schema.examples?.[0]
  if (example === undefined) throw new Error(`${name} has no example of ${parameter}`)
  return example
}

async function send(name: string, session: SessionJson): Promise<Response> {
  const [method = '', path = ''] = name.split(' ')
  const { parameters = [] } = find(name)
  const query = parameters.filter(
    (parameter) => parameter.in === 'query' && (parameter.example ?? parameter.schema.examples),
  )
  const search = new URLSearchParams(
    Object.fromEntries(query.map((parameter) => [parameter.name, exampleOf(name, parameter.name)])),
  )
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(exampleOf(name, key)))
  return request(query.length > 0 ? `${filled}?${search}` : filled, {
    method: method.toUpperCase(),
    bearer: session.accessToken,
    json: issued[name]?.(session) ?? bodyOfExample(name),
  })
}

test.each(operations.filter(({ operation }) => operation.requestBody))('$name shows a body', ({ name }) => {
  expect(bodyOfExample(name)).toBeObject()
})

/** Only what a provider has been sent for comes back: tests/sso has that. */
const sendable = operations.filter(({ name }) => name !== 'get /v1/auth/oidc/{provider}/callback')

test.each(sendable)('$name: its example works as it stands', async ({ name }) => {
  await sql`delete from account_links`
  await sql`update user_accounts set email = id || '@people.test' where email = ${email}`
  const role = actors[name]?.plan ? 'user' : 'superadmin'
  const actor = await givenAccount(app, { role, plan: 'enterprise', email, password, ...actors[name] })
  await makePerson()
  const session = await logIn(app, actor)
  await before[name]?.(session)
  const answer = await send(name, session)
  const told = `${answer.status} ${answer.ok ? '' : await answer.text()}`
  expect(told).toMatch(name === signedElsewhere ? /^400 .*"invalid-signature"/ : /^(?:2\d\d|302) $/)
})
