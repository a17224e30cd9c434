import { givenAccount, logIn, newEmail } from './accounts.ts'
import { openTestApp, type SessionJson, type TestApp } from './app.ts'
import { readExamples } from './example-document.ts'
import { exampleNeeds } from './example-needs.ts'
import { openLyingProvider } from './lying-provider.ts'

/** Routes of which no example can be sent, and why. */
export const unsendable: Record<string, string> = {
  'get /v1/auth/oidc/{provider}/callback': 'only what a provider has been sent for comes back: tests/sso has that',
}

/** A body that only a payment provider can sign. */
export const signedElsewhere = 'post /v1/billing/webhooks/{provider}'

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

/** What of a request differs from its example. */
export type Other = Omit<NonNullable<Parameters<TestApp['request']>[1]>, 'method' | 'ip'> & { path?: string }

/** An app with the requests that the examples of its OpenAPI document make, each by a person who may, and with whatever must exist first. */
export async function openExamples() {
  const provider = await openLyingProvider()
  const google = { id: 'google', displayName: 'Google', issuer: provider.issuer, clientId: 'manas' }
  const app = await openTestApp({
    CONSENT_DOCUMENTS: 'terms@2026-01',
    BILLING_PROVIDERS: 'sandbox',
    RETURN_URLS: 'com.example.app:/signed-in',
    OIDC_PROVIDERS: JSON.stringify([google]),
  })
  const { request, sql, deps } = app
  const document = await readExamples(app)
  const { names, hasBody, bodyOfExample, pathOf } = document
  const { before, issued, personId, rows } = exampleNeeds({ app, document, provider, send })
  const { email, password } = bodyOfExample('post /v1/auth/login') as { email: string; password: string }
  const hash = await deps.passwords.hash(password)

  /** A person who may send the example, signed in, and whatever must exist first. */
  async function prepare(name: string): Promise<SessionJson> {
    await sql`delete from account_links`
    await sql`delete from lockouts`
    await sql`update user_accounts set email = id || '@people.test' where email = ${email}`
    const role = actors[name]?.plan ? 'user' : 'superadmin'
    const actor = await givenAccount(app, { role, plan: 'enterprise', email, password, ...actors[name] })
    await rows.makePerson(personId, hash)
    const session = await logIn(app, actor)
    await before[name]?.(session)
    return session
  }

  /** Sends the example, or what `other` puts in the place of its parts. */
  async function send(name: string, session: SessionJson, other: Other = {}): Promise<Response> {
    const [method = ''] = name.split(' ')
    const { path = pathOf(name), ...options } = other
    const json = issued[name]?.(session) ?? bodyOfExample(name)
    return request(path, { method: method.toUpperCase(), bearer: session.accessToken, json, ...options })
  }

  return { app, provider, names, hasBody, bodyOfExample, personId, rows, prepare, send }
}
