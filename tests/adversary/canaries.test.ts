import { describe, expect, test } from 'bun:test'
import { bcrypt, importLines } from '../import/imports.ts'
import { registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp, type SessionJson, testSecrets } from '../support/app.ts'
import { browse, openIdentityProvider } from '../support/identity-provider.ts'
import { begin, callbackOf, comeBack, withProviders } from '../support/journeys.ts'
import { tokenTo } from '../support/mails.ts'
import { givenPasskey, signInOptions } from '../support/passkeys.ts'
import { payingTools } from '../support/payments.ts'
import { secondFactorSteps } from '../support/second-factors.ts'
import { webhookEndpoints } from '../support/webhook-endpoints.ts'
import { findEverywhere } from '../support/whole-life.ts'

/**
 * Secrets and personal values that go through every flow, and where each may be found afterwards: in the tables that are named,
 * and nowhere else. `tables`: where a value itself may lie.
 */
type Canary = { value: string; tables: string[]; isPersonal?: true }
const canaries: Record<string, Canary> = {}
const secret = (name: string, value: string, ...tables: string[]) => {
  canaries[name] = { value, tables }
  return value
}
const personal = (name: string, value: string, ...tables: string[]) => {
  canaries[name] = { value, tables, isPersonal: true }
  return value
}

const word = Bun.randomUUIDv7().slice(-12)
const address = personal(
  'the address',
  `asha.${word}@clinic.example`,
  'user_accounts',
  'account_links',
  'mail_outbox',
  'audit_subjects',
)
const person = {
  email: address,
  password: secret('the password', `granite ${word} lantern orchard`),
  firstName: personal('the first name', `Asha${word}`, 'user_accounts', 'mail_outbox', 'audit_personal'),
  lastName: personal('the last name', `Rao${word}`, 'user_accounts', 'mail_outbox', 'audit_personal'),
  phoneNumber: personal('the telephone', `+9198${String(Date.now()).slice(-8)}`, 'user_accounts', 'audit_personal'),
}
const ip = personal(
  'the network address',
  '2001:db8:77a1:9c3d::7',
  'sessions',
  'login_attempts',
  'audit_personal',
  'audit_subjects',
  'mail_outbox',
)
const userAgent = personal(
  'the browser',
  `Firefox/${word}`,
  'sessions',
  'audit_personal',
  'audit_subjects',
  'mail_outbox',
)
const ofRavi = personal(
  'the address of another provider',
  `ravi.${word}@clinic.example`,
  'user_accounts',
  'identities',
  'account_links',
  'mail_outbox',
  'audit_subjects',
)
const clientSecret = 'a-client-secret-of-the-tests-0123456789'

const idp = await openIdentityProvider([callbackOf('clinic')], {
  ravi: { email: ofRavi, email_verified: true, given_name: 'Ravi' },
})
const app = await openTestApp({
  ...withProviders({ id: 'clinic', displayName: 'Clinic', issuer: idp.issuer, clientId: idp.clientId, clientSecret }),
  LOG_LEVEL: 'trace',
  BILLING_PROVIDERS: 'sandbox',
  RP_ID: 'localhost',
  RP_ORIGINS: 'http://localhost:3000',
})
const { sql } = app
const steps = secondFactorSteps(app)
const paying = payingTools(app)
/** Every refusal of the flows, as it was answered. */
const problems: string[] = []

async function request(path: string, options: Parameters<typeof app.request>[1] = {}): Promise<Response> {
  const headers = { 'User-Agent': userAgent, ...options.headers }
  const answer = await app.request(path, { ip, ...options, headers })
  if (answer.status >= 400) problems.push(await answer.clone().text())
  return answer
}

const session = (of: SessionJson, name: string): SessionJson => {
  secret(`an access token ${name}`, of.accessToken)
  secret(`a refresh token ${name}`, of.refreshToken)
  secret(`a device token ${name}`, of.deviceToken)
  return of
}

const login = (password: string) => request('/v1/auth/login', { json: { email: address, password } })

/** Everything that a person, an administrator and the command line do with a secret, once right and once wrong. */
async function plant() {
  secret('the client secret', clientSecret)
  for (const [name, value] of Object.entries(testSecrets)) secret(name, value)
  const admin = await signedIn(app, { role: 'superadmin', plan: 'enterprise' })
  await ofPasswords()
  const enrolled = await ofFactors(admin.bearer)
  await ofKeysAndMoney(enrolled)
  await ofOthers(admin.bearer)
  await ofWebhooks(admin.bearer)
  await app.deps.usage.flush()
  return { admin, bearer: enrolled }
}

async function ofPasswords(): Promise<void> {
  const short = secret('a password that is too short', `s${word.slice(0, 6)}`)
  await request('/v1/auth/register', { json: { ...person, password: short } })
  const torn = JSON.stringify(person).slice(0, -2)
  const answer = await app.app.fetch(
    new Request('http://localhost/v1/auth/register', {
      method: 'POST',
      body: torn,
      headers: { 'Content-Type': 'application/json' },
    }),
  )
  problems.push(await answer.text())
  const first = session(await bodyOf(await request('/v1/auth/register', { json: person })), 'of the registration')
  await request('/v1/auth/register', { json: person })
  await login(secret('a wrong password', `wrong ${word} password`))
  const second = session(await bodyOf(await login(person.password)), 'of a log-in')
  const refreshed = await request('/v1/auth/refresh', { json: { refreshToken: second.refreshToken } })
  session(await bodyOf(refreshed), 'of a refresh')
  const verify = secret('the token of a verification', await tokenTo(app, address, 'verify-email'))
  await request('/v1/auth/email/verify', { json: { token: verify } })
  await request('/v1/auth/email/verify', { json: { token: verify } })
  const changed = secret('the second password', `umbrella ${word} ceramic walnut`)
  const change = { currentPassword: person.password, newPassword: changed }
  for (const json of [{ ...change, currentPassword: 'not this one' }, change])
    await request('/v1/auth/password/change', { bearer: first.accessToken, json })
  await request('/v1/auth/password/forgot', { json: { email: address } })
  const reset = secret('the token of a reset', await tokenTo(app, address, 'reset-password'))
  const json = { token: reset, newPassword: secret('the last password', `velvet ${word} drizzle harbour`) }
  await request('/v1/auth/password/reset', { json })
  await request('/v1/auth/password/reset', { json })
  const misplaced = secret('a token in a query', `${word}${word}${word}`)
  await request(`/v1/me?access_token=${misplaced}`)
  await request(`/v1/plans/${secret('a token in a path', `p${word}${word}`)}`, { bearer: misplaced })
  await request('/v1/me', { headers: { Authorization: `Basic ${btoa(`asha:${person.password}`)}` } })
  problems.splice(0, problems.length, ...problems.filter((text) => !text.includes(`p${word}`)))
}

/** @returns a bearer of two factors */
async function ofFactors(adminBearer: string): Promise<string> {
  const password = canaries['the last password']?.value ?? ''
  const entered = session(await bodyOf(await login(password)), 'before factors')
  const { id } = entered.user
  const passkey = await givenPasskey(app, { bearer: entered.accessToken })
  const { challengeToken, options } = await signInOptions(app)
  const response = passkey.passkey.get(options)
  const json = { challengeToken: secret('a challenge token', challengeToken), response }
  const strong = session(await bodyOf(await request('/v1/auth/passkey', { json })), 'of a passkey')
  secret('the signature of a passkey', response.response.signature)
  await request('/v1/auth/passkey', { json })
  const enrolled = await steps.enrol({ ...strong, id, email: address, password })
  secret('the secret of an app', enrolled.secret)
  for (const [i, code] of enrolled.recoveryCodes.entries()) secret(`recovery code ${i + 1}`, code)
  session(enrolled.session, 'of an enrolment')
  const mfaToken = secret('an mfaToken', (await bodyOf<{ mfaToken: string }>(await login(password))).mfaToken)
  await request('/v1/auth/mfa', { json: { mfaToken, code: steps.wrongCode(enrolled) } })
  const [recoveryCode] = enrolled.recoveryCodes
  const last = session(
    await bodyOf(await request('/v1/auth/mfa', { json: { mfaToken, code: recoveryCode } })),
    'of two steps',
  )
  await request('/v1/auth/mfa', { json: { mfaToken, code: recoveryCode } })
  await request(`/v1/admin/users/${id}`, { bearer: adminBearer })
  return last.accessToken
}

async function ofKeysAndMoney(bearer: string): Promise<void> {
  const password = canaries['the last password']?.value ?? ''
  const headers = { 'Idempotency-Key': 'one key' }
  const json = { name: 'Nightly report', password }
  const made = await request('/v1/api-keys', { bearer, json, headers })
  const { key } = await bodyOf<{ key: string }>(made)
  await request('/v1/api-keys', { bearer, json, headers })
  await request('/v1/me', { bearer: secret('an API key', key) })
  await request('/v1/auth/sessions', { bearer: key })
  await request('/v1/me', { bearer: `${key.slice(0, -2)}xx` })
  const subscribe = (plan: string) => request('/v1/subscription', { bearer, json: { plan, interval: 'month' } })
  await subscribe('professional')
  await sql`insert into trials (account_id, plan) select id, 'business' from user_accounts where email = ${address}`
  await subscribe('business')
  await paying.worker.idle()
  await request('/v1/billing/webhooks/sandbox', { json: { id: 'x' }, headers: { 'Stripe-Signature': 't=1,v1=00' } })
}

async function ofOthers(adminBearer: string): Promise<void> {
  const { authorizationUrl, codeVerifier } = await begin(app, 'clinic')
  secret('the verifier of a code', codeVerifier)
  const back = await browse(authorizationUrl, 'ravi')
  secret('a state', back.searchParams.get('state') ?? '')
  secret('the code of a provider', back.searchParams.get('code') ?? '')
  const { code = '' } = await comeBack(app, back)
  const json = { code: secret('a code of ours', code), codeVerifier }
  session(await bodyOf(await request('/v1/auth/oidc/exchange', { json })), 'of another provider')
  await request('/v1/auth/oidc/exchange', { json })
  const imported = secret('an imported password', `imported ${word} marigold`)
  const email = personal(
    'an imported address',
    `lila.${word}@clinic.example`,
    'user_accounts',
    'mail_outbox',
    'audit_subjects',
  )
  await importLines(app, [
    { email, passwordHash: await bcrypt(imported) },
    { email: 'nobody', passwordHash: imported },
  ])
  session(
    await bodyOf(await request('/v1/auth/login', { json: { email, password: imported } })),
    'of an imported account',
  )
  const invited = personal(
    'an invited address',
    `noor.${word}@clinic.example`,
    'user_accounts',
    'mail_outbox',
    'audit_subjects',
  )
  await request('/v1/admin/users', { bearer: adminBearer, json: { email: invited } })
  const token = secret('the token of an invitation', await tokenTo(app, invited, 'accept-invitation'))
  const password = secret('the password of an invited person', `willow ${word} copper thistle`)
  session(
    await bodyOf(await request('/v1/auth/invitation/accept', { json: { token, password } })),
    'of an invited person',
  )
}

async function ofWebhooks(adminBearer: string): Promise<void> {
  const place = personal(
    'a token in the URL of an endpoint',
    `u${word}${word}`,
    'webhook_endpoints',
    'audit_subjects',
    'idempotency_keys',
  )
  // Nobody listens there: the log tells of an attempt that fails.
  const json = { url: `http://127.0.0.1:1025/?token=${place}`, events: ['role.changed'] }
  const headers = { 'Idempotency-Key': 'one endpoint' }
  const made = await request('/v1/admin/webhooks', { bearer: adminBearer, json, headers })
  const { id, secret: first } = await bodyOf<{ id: string; secret: string }>(made)
  secret('the secret of an endpoint', first)
  await request('/v1/admin/webhooks', { bearer: adminBearer, json, headers })
  const path = `/v1/admin/webhooks/${id}`
  const rotated = await request(`${path}/rotate`, { method: 'POST', bearer: adminBearer, headers })
  secret('the second secret of an endpoint', (await bodyOf<{ secret: string }>(rotated)).secret)
  await request(path, { method: 'PATCH', bearer: adminBearer, json: { url: `https://10.0.0.1/?token=${place}` } })
  await request('/v1/webhooks', { bearer: adminBearer, json: { ...json, url: `ftp://${place}/` } })
  await request(`${path}/test`, { method: 'POST', bearer: adminBearer })
  const sender = webhookEndpoints(app, adminBearer).openSender()
  await sender.idle()
  await sender.stop()
}

const planted = await plant()
const all = Object.entries(canaries)
const secrets = all.filter(([, { isPersonal }]) => !isPersonal)

/** Names of the canaries that a text holds, in any of the usual spellings. */
function namesIn(text: string, of = all): string[] {
  return of
    .filter(([, { value }]) => spellings(value).some((spelling) => text.includes(spelling)))
    .map(([name]) => name)
}

function spellings(value: string): string[] {
  const bytes = Buffer.from(value)
  const base64 = bytes.toString('base64').replaceAll('=', '')
  return [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    base64,
    bytes.toString('base64url'),
    bytes.toString('hex'),
  ]
}

const read = async (path: string, bearer?: string) => (await app.request(path, { ...(bearer && { bearer }) })).text()

test('the flows went through, and each canary is one', () => {
  expect(secrets.length).toBeGreaterThan(50)
  for (const [name, { value }] of all) expect([name, value.length >= 7]).toEqual([name, true])
})

test('no line of the log, at its lowest level, has one', () => {
  expect(app.lines.length).toBeGreaterThan(50)
  expect(namesIn(app.lines.join(''))).toEqual([])
})

test('no metric has one', async () => {
  expect(namesIn(await read('/metrics'))).toEqual([])
  expect(namesIn(await read('/health'))).toEqual([])
})

test('no problem document has one', () => {
  expect(problems.length).toBeGreaterThan(10)
  expect(namesIn(problems.join('\n'))).toEqual([])
})

describe('tables', () => {
  for (const [name, { tables, isPersonal, value }] of all)
    test(`${name}: ${tables.join(', ') || 'nowhere'}`, async () => {
      const found = await findEverywhere(app, value)
      expect(found.filter((table) => !tables.includes(table))).toEqual([])
      // Else it was not planted.
      if (isPersonal) expect(found).not.toBeEmpty()
    })
})

test('the trail, as administrators read it, has no secret', async () => {
  expect(namesIn(await read('/v1/admin/audit-logs?format=ndjson', planted.admin.bearer), secrets)).toEqual([])
})

test('an export has no secret, and nothing of anybody else', async () => {
  expect(namesIn(await read('/v1/me/export', planted.bearer), secrets)).toEqual([])
  const stranger = await registered(app)
  expect(namesIn(await read('/v1/me/export', stranger.accessToken))).toEqual([])
})

test('mails have a secret in their links alone', async () => {
  const links = ['the token of a verification', 'the token of a reset', 'the token of an invitation']
  const ids = await sql<{ id: string }[]>`select id from mail_outbox`
  for (const { id } of ids) {
    const text = `${await read(`/dev/mail/${id}/text`)}${await read(`/dev/mail/${id}/html`)}`
    expect(namesIn(text, secrets).filter((name) => !links.includes(name))).toEqual([])
  }
})
