import { afterEach, expect, test } from 'bun:test'
import { newEmail, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { begin, comeBack, newVerifier, returnTo, withProviders } from '../support/journeys.ts'
import { openLyingProvider } from '../support/lying-provider.ts'
import { expectProblem } from '../support/problems.ts'

const slow = await openLyingProvider()
const quick = await openLyingProvider()
const configured = (id: string, issuer: string) => ({
  id,
  displayName: id,
  issuer,
  clientId: 'manas',
  clientSecret: secret,
})
const secret = 'a-secret-that-no-log-may-hold'
/** Nobody listens on the discard port. */
const absent = 'http://127.0.0.1:9'
const app = await openTestApp({
  ...withProviders(configured('slow', slow.issuer), configured('quick', quick.issuer), configured('absent', absent)),
  // A sign-in may wait for its provider for half of it.
  REQUEST_TIMEOUT_MS: '8000',
  DB_POOL_MAX: '2',
})
const { request, sql, clock } = app
afterEach(() => {
  slow.behave()
  quick.behave()
})

/** An answer that never comes. */
const never = () => new Promise<Response>(() => {})
/** One that begins, and never ends. */
const endless = () =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"access_token":'))
      },
    }),
    { headers: { 'Content-Type': 'application/json' } },
  )

const startOf = (provider: string) => {
  const { codeChallenge } = newVerifier()
  return request(`/v1/auth/oidc/${provider}/start?${new URLSearchParams({ returnTo, codeChallenge })}`)
}

test('a provider that cannot be reached is told to the app, and to who adds an identity', async () => {
  const answer = await startOf('absent')
  expect(answer.headers.get('location')).toBe(`${returnTo}#error=provider-error`)
  const { accessToken: bearer } = await registered(app)
  const json = { returnTo, codeChallenge: newVerifier().codeChallenge }
  await expectProblem(
    await request('/v1/me/identities/absent/start', { bearer, json }),
    'identity-provider-unavailable',
  )
})

test('discovery is asked once by all who come at once, kept, and asked again after a failure', async () => {
  clock.stop()
  const path = '/.well-known/openid-configuration'
  quick.lies.answers = { [path]: () => new Response('', { status: 503 }) }
  expect((await startOf('quick')).headers.get('location')).toBe(`${returnTo}#error=provider-error`)
  quick.behave()
  // It is left alone for a second.
  expect((await startOf('quick')).headers.get('location')).toBe(`${returnTo}#error=provider-error`)
  expect(quick.asked(path)).toBe(1)
  clock.advance(2)
  const answers = await Promise.all(Array.from({ length: 20 }, () => startOf('quick')))
  for (const answer of answers) expect(answer.headers.get('location')).toStartWith(`${quick.issuer}/authorize?`)
  expect(quick.asked(path)).toBe(2)
  // An hour later it is read again beside the sign-ins; while it cannot be, what was known serves.
  clock.advance(3_601)
  quick.lies.answers = { [path]: () => new Response('', { status: 503 }) }
  for (let i = 0; i < 3; i++) expect((await startOf('quick')).headers.get('location')).toStartWith(quick.issuer)
  clock.offsetMs = 0
})

test.each([
  ['never', never],
  ['without an end', endless],
])(
  'a provider that answers %s ends within the bound, holds no connection, and starves nobody',
  async (_how, answer) => {
    slow.lies.answers = { '/token': answer }
    const waiting = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const { authorizationUrl } = await begin(app, 'slow')
        return comeBack(app, slow.back(authorizationUrl))
      }).map((end) => ({ end })),
    )
    // More than the pool has connections, and than one provider has places.
    const meanwhile = await sql`select 1 as one`
    expect(meanwhile).toHaveLength(1)
    quick.lies.claims = { sub: Bun.randomUUIDv7(), email: newEmail() }
    const { authorizationUrl } = await begin(app, 'quick')
    expect(await comeBack(app, quick.back(authorizationUrl))).toHaveProperty('code')
    for (const { end } of waiting) expect(await end).toEqual({ error: 'provider-error' })
  },
)

test('what the operator is told: codes alone, in the log and in the metrics', async () => {
  slow.lies.answers = {
    '/token': () => Response.json({ error: '<b>invalid</b>', error_description: 'x' }, { status: 400 }),
  }
  const { authorizationUrl } = await begin(app, 'slow')
  expect(await comeBack(app, slow.back(authorizationUrl))).toEqual({ error: 'provider-error' })
  const log = app.lines.join('\n')
  expect(log).toContain('a sign-in failed at its provider')
  expect(log).not.toContain('<b>')
  expect(log).not.toContain(secret)
  const metrics = await (await request('/metrics')).text()
  expect(metrics).toMatch(/manas360_identity_provider_returns_total\{provider="slow",outcome="provider-error"\} [1-9]/)
  expect(metrics).toContain('manas360_identity_provider_requests{provider="quick",state="running"} 0')
  const items = await bodyOf<{ items: object[] }>(await request('/v1/auth/providers?limit=2'))
  expect(items).toMatchObject({ items: [{ id: 'slow' }, { id: 'quick' }], nextCursor: expect.any(String) })
})
