import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { asymmetricAlgorithms } from '../../src/crypto/signing-keys.ts'
import { registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { encodePart, forge, keyOf, newKeySet, signingWith } from '../support/signing-keys.ts'
import { claimsOf } from '../support/tokens.ts'

const orders = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  EdDSA: 2n ** 252n + 27742317777372353535851937790883648493n,
}

describe.each([...asymmetricAlgorithms])('%s', async (algorithm) => {
  const set = { keys: [...(await newKeySet(algorithm)).keys, ...(await newKeySet(algorithm)).keys] }
  const app = await openTestApp(signingWith(algorithm, set))
  const { request, deps } = app
  const person = await registered(app)
  const good = claimsOf(person.accessToken)
  const own = keyOf(set)
  const header = { alg: algorithm, typ: 'at+jwt', kid: own.id }
  const attacker = keyOf(await newKeySet(algorithm))
  const verify = (token: string) => deps.tokens.verifyAccess(token)

  const cut = person.accessToken.lastIndexOf('.')
  const signed = person.accessToken.slice(0, cut)
  const signature = Buffer.from(person.accessToken.slice(cut + 1), 'base64url')
  const withSignature = (bytes: Uint8Array) => `${signed}.${Buffer.from(bytes).toString('base64url')}`
  const halves = (first: Uint8Array, second: Uint8Array) => withSignature(Buffer.concat([first, second]))
  const [r, s] = [signature.subarray(0, 32), signature.subarray(32)]
  const zero = Buffer.alloc(32)

  function hmacWith(secret: string | Uint8Array, alg = 'HS256', kid: unknown = own.id): string {
    const text = `${encodePart({ alg, typ: 'at+jwt', kid })}.${encodePart(good)}`
    return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`
  }

  test('what is refused below has one fault: the same without it is accepted', () => {
    expect(verify(forge(header, good, own.jwk))).toMatchObject({ sub: person.id })
    expect(verify(forge({ ...header, kid: keyOf(set, 1).id }, good, keyOf(set, 1).jwk))).toMatchObject({
      sub: person.id,
    })
  })

  const publicTexts: Record<string, () => string | Uint8Array> = {
    'PEM (SPKI)': () => own.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    'PEM without its last newline': () => own.publicKey.export({ type: 'spki', format: 'pem' }).toString().trim(),
    'DER (SPKI)': () => own.publicKey.export({ type: 'spki', format: 'der' }),
    'JWK as published': () => JSON.stringify(own.publicJwk),
    'the x coordinate': () => own.publicJwk.x,
    'the bytes of the x coordinate': () => Buffer.from(own.publicJwk.x, 'base64url'),
    'an empty secret': () => '',
    'the name of the key': () => own.id,
  }
  for (const [name, text] of Object.entries(publicTexts))
    test(`the public key as an HMAC secret, ${name}`, () => {
      for (const alg of ['HS256', algorithm]) expect(verify(hmacWith(text(), alg))).toBe('invalid-token')
    })

  const forgeries: Record<string, () => string> = {
    'alg none without a signature': () => `${encodePart({ ...header, alg: 'none' })}.${encodePart(good)}.`,
    'alg none under a real signature': () => forge({ ...header, alg: 'none' }, good, own.jwk),
    'alg None': () => forge({ ...header, alg: 'None' }, good, own.jwk),
    'alg in another case': () => forge({ ...header, alg: algorithm.toLowerCase() }, good, own.jwk),
    'without alg': () => forge({ typ: 'at+jwt', kid: own.id }, good, own.jwk),
    'alg as a list': () => forge({ ...header, alg: [algorithm] }, good, own.jwk),
    'announced as the other of the two': () =>
      forge({ ...header, alg: algorithm === 'ES256' ? 'EdDSA' : 'ES256' }, good, own.jwk),
    'announced as RS256': () => forge({ ...header, alg: 'RS256' }, good, own.jwk),
    'announced as HS256': () => forge({ ...header, alg: 'HS256' }, good, own.jwk),
    'alg twice, the right one first': () =>
      forge(`{"alg":"${algorithm}","typ":"at+jwt","kid":"${own.id}","alg":"none"}`, good, own.jwk),
    'typ JWT': () => forge({ ...header, typ: 'JWT' }, good, own.jwk),
    'typ of a refresh token': () => forge({ ...header, typ: 'rt+jwt' }, good, own.jwk),
    'without typ': () => forge({ alg: algorithm, kid: own.id }, good, own.jwk),
    'crit that nobody knows': () => forge({ ...header, crit: ['exp'] }, good, own.jwk),
    'an empty crit': () => forge({ ...header, crit: [] }, good, own.jwk),
    'crit with b64': () => forge({ ...header, crit: ['b64'], b64: false }, good, own.jwk),
    'b64 alone': () => forge({ ...header, b64: true }, good, own.jwk),
    'another key under our kid': () => forge(header, good, attacker.jwk),
    'another key that brings itself along (jwk)': () =>
      forge({ ...header, jwk: attacker.publicJwk }, good, attacker.jwk),
    'another key under its own kid, brought along': () =>
      forge({ ...header, kid: attacker.id, jwk: attacker.publicJwk }, good, attacker.jwk),
    'another key that jku and x5u point to': () =>
      forge({ ...header, jku: 'http://127.0.0.1:9/', x5u: 'http://127.0.0.1:9/' }, good, attacker.jwk),
    'the other of our keys under this kid': () => forge(header, good, keyOf(set, 1).jwk),
    'without kid': () => forge({ alg: algorithm, typ: 'at+jwt' }, good, own.jwk),
    'two signatures': () => `${person.accessToken}.${signature.toString('base64url')}`,
    'no signature': () => `${signed}.`,
    'JSON serialisation': () =>
      JSON.stringify({ payload: encodePart(good), protected: encodePart(header), signature: 'AA' }),
    'other claims under the signature': () =>
      `${encodePart(header)}.${encodePart({ ...good, lvl: 100 })}.${signature.toString('base64url')}`,
    'another header under the signature': () =>
      `${encodePart({ ...header, extra: 1 })}.${encodePart(good)}.${signature.toString('base64url')}`,
    'claims that are no object': () => forge(header, '[]', own.jwk),
    'claims that are not JSON': () => forge(header, '{', own.jwk),
    'a header that is no object': () => forge(`"${algorithm}"`, good, own.jwk),
  }
  for (const kid of ['', '../../../../dev/null', "' or '1'='1", '__proto__', 'constructor', 0, null, [own.id], {}])
    forgeries[`kid ${JSON.stringify(kid)}`] = () => forge({ ...header, kid }, good, own.jwk)
  for (const [name, make] of Object.entries(forgeries))
    test(name, async () => {
      await expectProblem(await request('/v1/me', { bearer: make() }), 'invalid-token')
    })

  const signatures: Record<string, () => string> = {
    'all zero': () => halves(zero, zero),
    'r zero': () => halves(zero, s),
    's zero': () => halves(r, zero),
    'all ones': () => withSignature(Buffer.alloc(64, 0xff)),
    'r and s one': () => halves(toBytes(1n), toBytes(1n)),
    'r and s the order of the group': () => halves(toBytes(orders[algorithm]), toBytes(orders[algorithm])),
    'halves exchanged': () => halves(s, r),
    'one byte shorter': () => withSignature(signature.subarray(0, 63)),
    'one byte longer': () => withSignature(Buffer.concat([signature, Buffer.alloc(1)])),
    'a zero before each half': () => withSignature(Buffer.concat([Buffer.alloc(1), r, Buffer.alloc(1), s])),
    twice: () => withSignature(Buffer.concat([signature, signature])),
    'as DER': () => withSignature(toDer(r, s)),
    'one byte': () => `${signed}.AA`,
    's beyond the order of the group': () => {
      const value = algorithm === 'ES256' ? fromBytes(s) : fromBytes(Buffer.from(s).reverse())
      const beyond = toBytes((value + orders[algorithm]) % 2n ** 256n)
      return halves(r, algorithm === 'ES256' ? beyond : beyond.reverse())
    },
  }
  for (const [name, make] of Object.entries(signatures))
    test(`a signature ${name}`, () => {
      expect(verify(make())).toBe('invalid-token')
    })

  test('any bit of a signature flipped', () => {
    for (let bit = 0; bit < 512; bit++) {
      const flipped = Buffer.from(signature)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(verify(withSignature(flipped))).toBe('invalid-token')
    }
  })

  test('one character of a token replaced, inserted or removed', () => {
    const token = person.accessToken
    const characters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n']
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom(...characters), (at, char) => {
        const before = token.slice(0, at)
        const edits = [char + token.slice(at + 1), char + token.slice(at), token.slice(at + 1)]
        for (const edit of edits) if (before + edit !== token) expect(verify(before + edit)).toBe('invalid-token')
      }),
      { numRuns: 300 },
    )
    for (const char of characters)
      if (char !== token.at(-1)) expect(verify(token.slice(0, -1) + char)).toBe('invalid-token')
  })

  test('a token of the time under a secret is refused: one algorithm is pinned', async () => {
    const { accessToken } = await registered(await openTestApp())
    expect(verify(accessToken)).toBe('invalid-token')
  })
})

test('ES256 has a second signature for each (RFC 7518 forbids neither): such a token says the same, and ends with its session', async () => {
  const app = await openTestApp(signingWith('ES256', await newKeySet('ES256')))
  const { accessToken } = await registered(app)
  const cut = accessToken.lastIndexOf('.') + 1
  const signature = Buffer.from(accessToken.slice(cut), 'base64url')
  const twin = Buffer.concat([signature.subarray(0, 32), toBytes(orders.ES256 - fromBytes(signature.subarray(32)))])
  const malleated = accessToken.slice(0, cut) + twin.toString('base64url')
  expect(app.deps.tokens.verifyAccess(malleated)).toEqual(app.deps.tokens.verifyAccess(accessToken))
  expect((await app.request('/v1/auth/logout', { method: 'POST', bearer: accessToken })).status).toBe(204)
  for (const bearer of [accessToken, malleated])
    await expectProblem(await app.request('/v1/me', { bearer }), 'session-revoked')
})

function fromBytes(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
}

function toBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
}

/** The other encoding of an ECDSA signature (RFC 3279 2.2.3), which a JWS does not have. */
function toDer(r: Uint8Array, s: Uint8Array): Buffer {
  const integers = [r, s].map((bytes) => Buffer.concat([Buffer.from([2, 33, 0]), bytes]))
  return Buffer.concat([Buffer.from([0x30, 70]), ...integers])
}
