import { describe, expect, test } from 'bun:test'
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  generateKeyPair,
  importJWK,
  type JSONWebKeySet,
  type JWTPayload,
  jwtVerify,
  SignJWT,
} from 'jose'
import { asymmetricAlgorithms } from '../../src/crypto/signing-keys.ts'
import { registered } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { keyOf, newKeySet, signingWith } from '../support/signing-keys.ts'
import { claimsOf, mint } from '../support/tokens.ts'

const jwksPath = '/.well-known/jwks.json'

describe.each([...asymmetricAlgorithms])('%s', async (algorithm) => {
  const set = { keys: [...(await newKeySet(algorithm)).keys, ...(await newKeySet(algorithm)).keys] }
  const app = await openTestApp(signingWith(algorithm, set))
  const { request, config } = app
  const { accessToken, refreshToken, id } = await registered(app)
  const good = claimsOf(accessToken)
  const ask = (bearer: string) => request('/v1/me', { bearer })

  async function mintWith(position: number, header: Record<string, unknown> = {}, claims: JWTPayload = good) {
    const { jwk, id: kid } = keyOf(set, position)
    const key = await importJWK(jwk, algorithm)
    return new SignJWT(claims).setProtectedHeader({ alg: algorithm, typ: 'at+jwt', kid, ...header }).sign(key)
  }

  test('an independent verifier accepts our token by the published keys, with every expectation named', async () => {
    const jwks = createLocalJWKSet(await bodyOf<JSONWebKeySet>(await request(jwksPath)))
    const { payload, protectedHeader } = await jwtVerify(accessToken, jwks, {
      issuer: config.jwtIssuer,
      audience: config.jwtAudience,
      algorithms: [algorithm],
      typ: 'at+jwt',
      requiredClaims: ['sub', 'jti', 'sid', 'nbf', 'ver'],
    })
    expect(payload.sub).toBe(id)
    expect(protectedHeader).toEqual({ alg: algorithm, typ: 'at+jwt', kid: keyOf(set).id })
  })

  test('what an independent signer makes with any key of the set is accepted, many times over', async () => {
    for (const position of [0, 1])
      for (let n = 0; n < 20; n++)
        expect((await ask(await mintWith(position, {}, { ...good, jti: `${n}` }))).status).toBe(200)
    // Members that say nothing to us change nothing, in whatever order.
    expect((await ask(await mintWith(1, { extra: 1 }))).status).toBe(200)
  })

  test('a key without a name is named by its thumbprint (RFC 7638)', async () => {
    const [{ kid: _, ...jwk } = keyOf(set).jwk] = set.keys
    expect(keyOf({ keys: [jwk] }).id).toBe(await calculateJwkThumbprint(jwk))
    expect(keyOf(set).id).toBe(await calculateJwkThumbprint(jwk))
  })

  test('the keys that are published are all of them, in order, and never private', async () => {
    const response = await request(jwksPath)
    expect(response.headers.get('content-type')).toBe('application/json')
    const body = await bodyOf<{ keys: Record<string, unknown>[] }>(response)
    expect(Object.keys(body)).toEqual(['keys'])
    const point = algorithm === 'ES256' ? ['crv', 'kty', 'x', 'y'] : ['crv', 'kty', 'x']
    expect(body.keys.map(({ kid }) => kid)).toEqual([keyOf(set, 0).id, keyOf(set, 1).id])
    for (const key of body.keys) {
      expect(Object.keys(key).sort()).toEqual(['alg', ...point, 'kid', 'use'].sort())
      expect(key).toMatchObject({ alg: algorithm, use: 'sig' })
    }
    const text = JSON.stringify(body)
    for (const { d } of set.keys) expect(text).not.toContain(d)
  })

  test('an algorithm of another kind is refused, however right the rest is', async () => {
    const { id: kid } = keyOf(set)
    for (const other of ['ES256', 'ES384', 'EdDSA', 'RS256', 'PS256'] as const) {
      if (other === algorithm) continue
      const { privateKey } = await generateKeyPair(other)
      const token = await new SignJWT(good).setProtectedHeader({ alg: other, typ: 'at+jwt', kid }).sign(privateKey)
      await expectProblem(await ask(token), 'invalid-token')
    }
    await expectProblem(await ask(await mint(good, { kid })), 'invalid-token')
  })

  test('refresh tokens stay with their own secret: an access token is none, and one renews the other', async () => {
    await expectProblem(
      await request('/v1/auth/refresh', { json: { refreshToken: accessToken } }),
      'invalid-refresh-token',
    )
    await expectProblem(await ask(refreshToken), 'invalid-token')
    const renewed = await request('/v1/auth/refresh', { json: { refreshToken } })
    expect(renewed.status).toBe(200)
    expect((await ask((await bodyOf<{ accessToken: string }>(renewed)).accessToken)).status).toBe(200)
  })

  test('a superadmin’s token has room under the same bound of 1,400 bytes', () => {
    // Under HS256 it has about 1,140: what is longer here is the header's kid and the signature.
    const [header = '', , signature = ''] = accessToken.split('.')
    expect(header.length + signature.length).toBeLessThan(220)
  })
})

test('under HS256 nothing is published, for the key is a secret', async () => {
  const { request } = await openTestApp()
  const response = await request(jwksPath)
  expect([response.status, await response.json()]).toEqual([200, { keys: [] }])
})

test('the published keys may be kept for five minutes, and are asked for by ETag', async () => {
  const set = await newKeySet('ES256')
  const first = await openTestApp(signingWith('ES256', set))
  const both = { keys: [...set.keys, ...(await newKeySet('ES256')).keys] }
  const second = await openTestApp(signingWith('ES256', both))
  const response = await first.request(jwksPath)
  expect(response.headers.get('cache-control')).toBe('public, max-age=300')
  const headers = { 'If-None-Match': response.headers.get('etag') ?? '' }
  expect(headers['If-None-Match']).toMatch(/^"[\w-]+"$/)
  const known = await first.request(jwksPath, { headers })
  expect([known.status, await known.text()]).toEqual([304, ''])
  expect((await second.request(jwksPath, { headers })).status).toBe(200)
})
