import { describe, expect, test } from 'bun:test'
import { generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from 'jose'
import { registered } from '../support/accounts.ts'
import { openTestApp, testSecrets } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { claimsOf, mint, mintRaw } from '../support/tokens.ts'

const app = await openTestApp()
const { request, config } = app
const person = await registered(app)
/** A real token's claims: what a test does not say is right. */
const good = claimsOf(person.accessToken)
const { iat = 0 } = good
const unsecured = { alg: 'HS256', typ: 'at+jwt' }
const secret = new TextEncoder().encode(testSecrets.JWT_SECRET)
const ask = (bearer: string) => request('/v1/me', { bearer })
const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

async function without(claim: string): Promise<string> {
  const { [claim]: _, ...rest } = good
  return mint(rest)
}

test('what an independent signer makes with our secret and our claims is accepted, so what is refused below has one fault', async () => {
  expect((await ask(await mint(good))).status).toBe(200)
  expect((await ask(await mint({ ...good, aud: [config.jwtAudience, 'another'] }))).status).toBe(200)
})

test('an independent verifier accepts our token with every expectation named', async () => {
  const { payload } = await jwtVerify(person.accessToken, secret, {
    issuer: config.jwtIssuer,
    audience: config.jwtAudience,
    algorithms: ['HS256'],
    typ: 'at+jwt',
    requiredClaims: ['sub', 'jti', 'sid', 'nbf', 'ver'],
  })
  expect(payload.sub).toBe(person.id)
})

describe('what a token must not be', () => {
  const forgeries: Record<string, () => string | Promise<string>> = {
    'unsigned, alg none': () => `${part({ ...unsecured, alg: 'none' })}.${part(good)}.`,
    'alg none with a signature': () => mintRaw({ ...unsecured, alg: 'none' }, good),
    'alg nOnE': () => mintRaw({ ...unsecured, alg: 'nOnE' }, good),
    'without alg': () => mintRaw({ typ: 'at+jwt' }, good),
    HS384: () => mint(good, { alg: 'HS384' }),
    HS512: () => mint(good, { alg: 'HS512' }),
    'HS256 announced as RS256': () => mintRaw({ ...unsecured, alg: 'RS256' }, good),
    'HS256 announced in lower case': () => mintRaw({ ...unsecured, alg: 'hs256' }, good),
    'RS256 by a key of its own': async () => {
      const keys = await generateKeyPair('RS256')
      return new SignJWT(good).setProtectedHeader({ ...unsecured, alg: 'RS256' }).sign(keys.privateKey)
    },
    'signed with another secret': () => mint(good, {}, 'x'.repeat(64)),
    'signed with an empty secret': () => mintRaw(unsecured, good, ''),
    'signed with the refresh secret': () => mint(good, {}, testSecrets.JWT_REFRESH_SECRET),
    'typ JWT': () => mint(good, { typ: 'JWT' }),
    'typ of a refresh token': () => mint(good, { typ: 'rt+jwt' }),
    'without typ': () => mint(good, { typ: undefined }),
    'typ that is no string': () => mintRaw({ alg: 'HS256', typ: ['at+jwt'] }, good),
    'crit with b64': () => mintRaw({ ...unsecured, b64: false, crit: ['b64'] }, good),
    'b64 alone': () => mintRaw({ ...unsecured, b64: false }, good),
    'crit that nobody knows': () => mintRaw({ ...unsecured, crit: ['exp'] }, good),
    'a key in its own header (jwk)': () => {
      const key = 'k'.repeat(43)
      return mintRaw({ ...unsecured, jwk: { kty: 'oct', k: key } }, good, key)
    },
    'a key that its header points to (jku, kid)': () =>
      mintRaw(
        { ...unsecured, jku: 'http://127.0.0.1:9/keys', x5u: 'http://127.0.0.1:9/x', kid: '../../dev/null' },
        good,
        '',
      ),
    'another issuer': () => mint({ ...good, iss: 'https://evil.test' }),
    'an issuer that ours is a prefix of': () => mint({ ...good, iss: `${config.jwtIssuer}.evil.test` }),
    'another audience': () => mint({ ...good, aud: 'another' }),
    'an empty audience': () => mint({ ...good, aud: [] }),
    'issued in the future': () => mint({ ...good, iat: iat + 60, exp: iat + 600 }),
    'not valid yet': () => mint({ ...good, nbf: iat + 60 }),
    'living longer than 900 s': () => mint({ ...good, exp: iat + 901 }),
    'ending before it begins': () => mint({ ...good, exp: iat - 1 }),
    'an exp that is text': () => mintRaw(unsecured, { ...good, exp: String(iat + 900) }),
    'an exp without end': () => mintRaw(unsecured, JSON.stringify(good).replace(/"exp":\d+/, '"exp":1e999')),
    'a refresh token': () => person.refreshToken,
    'claims that are no object': () => mintRaw(unsecured, '[]'),
    'claims that are not JSON': () => mintRaw(unsecured, '{'),
    'claims null': () => mintRaw(unsecured, 'null'),
    'a header that is no object': () => mintRaw('"HS256"', good),
    'a header that is not JSON': () => mintRaw('{', good),
    'permissions that are text': () => mintRaw(unsecured, { ...good, perms: 'users.manage' }),
    'two parts': () => person.accessToken.slice(0, person.accessToken.lastIndexOf('.')),
    'four parts': () => `${person.accessToken}.${part({})}`,
    'an empty part more': () => `${person.accessToken}.`,
    'a dot inside': () => person.accessToken.replace('.', '..'),
    'padding after it': () => `${person.accessToken}=`,
    'padding inside': () => person.accessToken.replace('.', '=.'),
    'a space inside': () => person.accessToken.replace('.', ' .'),
    'a tab inside': () => person.accessToken.replace('.', '\t.'),
    'the other alphabet of base64': () =>
      mint({ ...good, x: '>>>???' }).then((token) => token.replaceAll('-', '+').replaceAll('_', '/').concat('+')),
    'more than 4 KiB': () => mint({ ...good, x: 'x'.repeat(4_000) }),
    'JSON serialisation': () => part({ payload: part(good), protected: part(unsecured) }),
    nothing: () => '',
    dots: () => '..',
  }
  for (const [name, forge] of Object.entries(forgeries))
    test(name, async () => {
      await expectProblem(await ask(await forge()), 'invalid-token')
    })

  for (const claim of 'iss aud sub iat nbf exp jti sid role lvl perms plan tier feats ver cv'.split(' '))
    test(`without ${claim}`, async () => {
      await expectProblem(await ask(await without(claim)), 'invalid-token')
    })
})

test('keys that a header brings along are never used: with our own signature they change nothing', async () => {
  const answer = await ask(
    mintRaw({ ...unsecured, kid: 'x', jku: 'http://127.0.0.1:9/', jwk: { kty: 'oct', k: 'x' } }, good),
  )
  expect([200, 401]).toContain(answer.status)
})

describe('access and refresh tokens cannot stand in for each other', () => {
  const refresh = (refreshToken: string) => request('/v1/auth/refresh', { json: { refreshToken } })
  const claims: JWTPayload = claimsOf(person.refreshToken)
  const forgeries: Record<string, () => string | Promise<string>> = {
    'an access token': () => person.accessToken,
    'an access token signed with the refresh secret': () => mint(good, {}, testSecrets.JWT_REFRESH_SECRET),
    'the claims of a refresh token under the type of an access token': () =>
      mint(claims, {}, testSecrets.JWT_REFRESH_SECRET),
    'a refresh token signed with the access secret': () => mint(claims, { typ: 'rt+jwt' }),
    'alg none': () => `${part({ alg: 'none', typ: 'rt+jwt' })}.${part(claims)}.`,
    'a token with another issuer': () =>
      mint({ ...claims, iss: 'https://evil.test' }, { typ: 'rt+jwt' }, testSecrets.JWT_REFRESH_SECRET),
    'whitespace around it': () => `${person.refreshToken} `,
    nothing: () => '',
  }
  for (const [name, forge] of Object.entries(forgeries))
    test(`${name} refreshes nothing`, async () => {
      await expectProblem(await refresh(await forge()), 'invalid-refresh-token')
    })

  test('a refresh token that we signed but never gave out ends no session', async () => {
    const unknown = await mint(
      { ...claims, sid: Bun.randomUUIDv7() },
      { typ: 'rt+jwt' },
      testSecrets.JWT_REFRESH_SECRET,
    )
    await expectProblem(await refresh(unknown), 'invalid-refresh-token')
    expect((await ask(person.accessToken)).status).toBe(200)
  })
})
