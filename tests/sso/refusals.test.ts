import { afterEach, describe, expect, test } from 'bun:test'
import { registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { begin, beginLink, comeBack, newVerifier, returnTo, withProviders } from '../support/journeys.ts'
import { openLyingProvider } from '../support/lying-provider.ts'
import { expectProblem } from '../support/problems.ts'

const liar = await openLyingProvider()
const honest = await openLyingProvider()
/** Keys are kept for a while: nobody else asks this one for them. */
const keyless = await openLyingProvider()
const configured = (id: string, issuer: string) => ({
  id,
  displayName: id,
  issuer,
  clientId: 'manas',
  trustEmail: true,
})
const app = await openTestApp(
  withProviders(
    configured('liar', liar.issuer),
    configured('honest', honest.issuer),
    configured('keyless', keyless.issuer),
  ),
)
const { request, sql, clock } = app

afterEach(() => {
  liar.behave()
  honest.behave()
  clock.offsetMs = 0
})

const exchange = (code: string | undefined, codeVerifier: string) =>
  request('/v1/auth/oidc/exchange', { json: { code, codeVerifier } })

/** What the app is told of a sign-in whose answers are lies. */
async function errorOf(lies: Parameters<typeof Object.assign>[1], more: Record<string, string> = {}): Promise<string> {
  Object.assign(liar.lies, lies)
  const { authorizationUrl } = await begin(app, 'liar')
  const { error = 'none' } = await comeBack(app, liar.back(authorizationUrl, more))
  return error
}

const now = () => Math.floor(Date.now() / 1000)

test('the provider is honest until a test says otherwise', async () => {
  expect(await errorOf({})).toBe('none')
})

describe('an ID token is refused', () => {
  const lies: Record<string, Parameters<typeof Object.assign>[1]> = {
    'of another issuer': { claims: { iss: honest.issuer } },
    'for another client': { claims: { aud: 'another' } },
    'for several clients, without saying for which': { claims: { aud: ['manas', 'another'] } },
    'for several clients, of which another asked': { claims: { aud: ['manas', 'another'], azp: 'another' } },
    'with another nonce': { claims: { nonce: 'another' } },
    'without a nonce': { claims: { nonce: undefined } },
    'that has expired': { claims: { iat: now() - 600, exp: now() - 300 } },
    'that never expires': { claims: { exp: undefined } },
    'without a subject': { claims: { sub: undefined } },
    'with an endless subject': { claims: { sub: 'x'.repeat(256) } },
    'with a subject that is not ASCII': { claims: { sub: 'somebody\u200b' } },
    'without a signature': { idToken: (claims: object) => liar.unsigned({ ...claims }) },
    'with a signature of another key': { idToken: (claims: object) => liar.forged({ ...claims }) },
    'that is none': { idToken: () => 'not.a.token' },
  }
  for (const [name, lie] of Object.entries(lies))
    test(name, async () => {
      expect(await errorOf(lie)).toBe('provider-error')
    })
})

describe('a provider that answers wrongly ends as provider-error:', () => {
  const big = 'x'.repeat(300_000)
  const answers: Record<string, () => Response> = {
    'an error': () => Response.json({ error: 'invalid_grant' }, { status: 400 }),
    'an error with markup': () => Response.json({ error: '<script>' }, { status: 400 }),
    'a page': () => new Response('<html>', { headers: { 'Content-Type': 'text/html' } }),
    'half of JSON': () => new Response('{"access_token":', { headers: { 'Content-Type': 'application/json' } }),
    nothing: () => new Response(null, { status: 204 }),
    'a failure': () => new Response('', { status: 500 }),
    'somewhere else, where the truth is told': () => Response.redirect(`${liar.issuer}/other-token`, 307),
    'tokens without an ID token': () => Response.json({ access_token: 'x', token_type: 'Bearer' }),
  }
  for (const [name, answer] of Object.entries(answers))
    test(name, async () => {
      expect(await errorOf({ answers: { '/token': answer } })).toBe('provider-error')
    })

  test('too much, compressed or not, of what would be right', async () => {
    expect(await errorOf({ more: { padding: 'x'.repeat(200_000) } })).toBe('none')
    expect(await errorOf({ more: { padding: big } })).toBe('provider-error')
    expect(await errorOf({ more: { padding: big }, gzip: true })).toBe('provider-error')
    expect(await errorOf({ more: {}, gzip: true })).toBe('none')
  })

  test('keys that are none', async () => {
    keyless.lies.answers = { '/keys': () => Response.json({ keys: 'none' }) }
    const { authorizationUrl } = await begin(app, 'keyless')
    expect(await comeBack(app, keyless.back(authorizationUrl))).toEqual({ error: 'provider-error' })
  })
})

describe('a return is refused', () => {
  test('that another issuer sent (RFC 9207)', async () => {
    expect(await errorOf({}, { iss: honest.issuer })).toBe('provider-error')
  })

  test('that no issuer sent, though it promised to say so', async () => {
    expect(await errorOf({}, { iss: '' })).toBe('provider-error')
  })

  test('with no code, and with an error that is not known', async () => {
    expect(await errorOf({}, { code: '' })).toBe('provider-error')
    expect(await errorOf({}, { code: '', error: 'temporarily_unavailable' })).toBe('provider-error')
    expect(await errorOf({}, { code: '', error: 'access_denied' })).toBe('access-denied')
  })

  test('to another provider than it began with: nobody is asked about its code', async () => {
    const { authorizationUrl } = await begin(app, 'liar')
    const back = liar.back(authorizationUrl, { iss: honest.issuer })
    back.pathname = back.pathname.replace('liar', 'honest')
    const before = honest.asked('/token')
    expect(await comeBack(app, back)).toEqual({ error: 'provider-error' })
    expect(honest.asked('/token')).toBe(before)
  })

  test('that comes twice', async () => {
    const { authorizationUrl } = await begin(app, 'liar')
    const back = liar.back(authorizationUrl)
    expect(await comeBack(app, back)).toHaveProperty('code')
    expect(await comeBack(app, back)).toEqual({ error: 'expired' })
  })

  test('that comes after ten minutes', async () => {
    clock.offsetMs = -601_000
    const { authorizationUrl } = await begin(app, 'liar')
    clock.offsetMs = 0
    const before = liar.asked('/token')
    expect(await comeBack(app, liar.back(authorizationUrl))).toEqual({ error: 'expired' })
    expect(liar.asked('/token')).toBe(before)
  })
})

describe('a return that belongs to nothing shows a page, and leads nowhere', () => {
  const states = ['', 'x', 'x'.repeat(3_000), '%', 'AAAA'.repeat(60), '../', 'https://evil.example/']
  for (const state of states)
    test(JSON.stringify(state.slice(0, 20)), async () => {
      const path = `/v1/auth/oidc/liar/callback?code=x&state=${state}`
      const page = await request(path, { headers: { Accept: 'text/html,*/*', 'Accept-Language': 'hi' } })
      expect(page.status).toBe(400)
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(page.headers.get('location')).toBeNull()
      expect(await page.text()).toContain('lang="hi"')
      await expectProblem(await request(path), 'unknown-state')
    })

  test('nor does one with two states, or with a state that was changed', async () => {
    const { authorizationUrl } = await begin(app, 'liar')
    const back = liar.back(authorizationUrl)
    const state = back.searchParams.get('state') ?? ''
    await expectProblem(await request(`${back.pathname}${back.search}&state=${state}`), 'unknown-state')
    const middle = Math.floor(state.length / 2)
    const changed = state.slice(0, middle) + (state[middle] === 'A' ? 'B' : 'A') + state.slice(middle + 1)
    await expectProblem(await request(`${back.pathname}?code=x&state=${changed}`), 'unknown-state')
  })

  test('nor does a state of a place that is no longer configured', async () => {
    const { authorizationUrl } = await begin(app, 'liar')
    const { config } = app.deps
    app.deps.config = { ...config, returnUrls: [] }
    const back = liar.back(authorizationUrl)
    await expectProblem(await request(`${back.pathname}${back.search}`), 'unknown-state')
    app.deps.config = config
    expect(await comeBack(app, back)).toHaveProperty('code')
  })
})

test('returnTo is one of RETURN_URLS, letter by letter', async () => {
  const { codeChallenge } = newVerifier()
  const others = [
    `${returnTo}/`,
    `${returnTo}?x=1`,
    `${returnTo}#x`,
    returnTo.toUpperCase(),
    'https://evil.example/signed-in',
    'https://app.example.evil.example/signed-in',
    'https://app.example@evil.example/signed-in',
    '//app.example/signed-in',
    '/signed-in',
    'javascript:alert(1)',
    ` ${returnTo}`,
    '',
  ]
  const person = await registered(app)
  for (const other of others) {
    const query = new URLSearchParams({ returnTo: other, codeChallenge })
    await expectProblem(await request(`/v1/auth/oidc/liar/start?${query}`), 'validation-failed')
    const linking = { bearer: person.accessToken, json: { returnTo: other, codeChallenge } }
    await expectProblem(await request('/v1/me/identities/liar/start', linking), 'validation-failed')
  }
})

test('a provider that is not configured is not found', async () => {
  const query = new URLSearchParams({ returnTo, codeChallenge: newVerifier().codeChallenge })
  for (const id of ['google', 'constructor', 'x'.repeat(60), 'Liar'])
    await expectProblem(await request(`/v1/auth/oidc/${id}/start?${query}`), 'not-found')
  await expectProblem(await request('/v1/auth/oidc/google/callback?code=x&state=x'), 'not-found')
})

describe('a code is refused', () => {
  /** A code, and the verifier of the app that began. */
  async function newCode() {
    const { authorizationUrl, codeVerifier } = await begin(app, 'liar')
    const { code = '' } = await comeBack(app, liar.back(authorizationUrl))
    return { code, codeVerifier }
  }

  test('that was exchanged', async () => {
    const { code, codeVerifier } = await newCode()
    expect((await exchange(code, codeVerifier)).status).toBe(200)
    await expectProblem(await exchange(code, codeVerifier), 'invalid-code')
  })

  test("that comes with another app's verifier, from then on also with its own", async () => {
    const { code, codeVerifier } = await newCode()
    await expectProblem(await exchange(code, newVerifier().codeVerifier), 'invalid-code')
    await expectProblem(await exchange(code, codeVerifier), 'invalid-code')
  })

  test('that is older than a minute', async () => {
    const { code, codeVerifier } = await newCode()
    await sql`update oidc_codes set expires_at = expires_at - interval '60 seconds'`
    await expectProblem(await exchange(code, codeVerifier), 'invalid-code')
  })

  test('that nobody made', async () => {
    for (const code of ['', 'x', 'é', '\0', 'x'.repeat(1_000)])
      await expectProblem(await exchange(code, newVerifier().codeVerifier), 'invalid-code')
  })

  test('of the other purpose', async () => {
    const person = await registered(app)
    const signIn = await newCode()
    await expectProblem(
      await request('/v1/me/identities', { bearer: person.accessToken, json: signIn }),
      'invalid-code',
    )
    const { authorizationUrl, codeVerifier } = await beginLink(app, 'honest', person.accessToken)
    const { code } = await comeBack(app, honest.back(authorizationUrl))
    await expectProblem(await exchange(code, codeVerifier), 'invalid-code')
    expect(await sql`select 1 from identities where account_id = ${person.id}`).toHaveLength(0)
  })
})
