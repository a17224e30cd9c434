import { describe, expect, test } from 'bun:test'
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { compactVerify, importJWK } from 'jose'
import { z } from 'zod'
import { createVerifier } from '../../src/crypto/access-signer.ts'
import { verifyPayload } from '../../src/crypto/jws.ts'
import { parseJwkSet, type SigningKey } from '../../src/crypto/signing-keys.ts'
import vectors from './wycheproof/json_web_signature_test.json'

/** Cases whose verdict is not ours, each with its reason. */
const exceptions: Record<number, string> = {
  354: 'a key of another use is refused when it is read, see below',
  356: 'a key of other operations is refused when it is read, see below',
  367: 'the same text as the valid case 357',
  370: 'the same text as the valid case 357',
  372: 'a character that base64url does not have is never skipped',
  373: 'a character that base64url does not have is never skipped',
  375: 'stray bits in the payload: only who holds the secret can sign them, and nothing is told apart by the text',
}

const Jwk = z.looseObject({ kty: z.string(), alg: z.string().optional(), kid: z.string().optional() })
const Groups = z.array(
  z.object({
    comment: z.string(),
    private: Jwk.optional(),
    public: Jwk.optional(),
    tests: z.array(z.object({ tcId: z.int(), comment: z.string(), jws: z.unknown(), result: z.string() })),
  }),
)
const groups = Groups.parse(vectors.testGroups).map((group) => {
  const jwk = group.public ?? group.private
  if (!jwk) throw new Error('a group without a key')
  return { ...group, jwk }
})

const hmacKeys = (secret: Uint8Array) => ({ typ: undefined, header: '', keys: [{ id: '', bytes: secret }] })
const withSecret = (secret: Uint8Array) => (token: string) => verifyPayload(hmacKeys(secret), token) !== null
function withPublicKey(id: string, publicKey: SigningKey['publicKey'], algorithm: 'ES256' | 'EdDSA') {
  const { privateKey } = generateKeyPairSync('ed25519')
  const publicJwk = { kty: 'EC', crv: 'P-256', x: '', kid: id, alg: algorithm, use: 'sig' } as const
  const verify = createVerifier(algorithm, [{ id, algorithm, publicKey, privateKey, publicJwk }], undefined)
  return (token: string) => verify(token) !== null
}

/** Our verifier with the group's key; undefined when the key is of a kind that we never hold. */
function verifierOf(jwk: z.infer<typeof Jwk>): ((token: string) => boolean) | undefined {
  if (jwk.kty === 'oct' && jwk.alg === 'HS256') return withSecret(Buffer.from(String(jwk.k), 'base64url'))
  if (jwk.kty !== 'EC' || jwk.crv !== 'P-256') return undefined
  return withPublicKey(String(jwk.kid), createPublicKey({ key: jwk, format: 'jwk' }), 'ES256')
}

describe("Wycheproof's vectors of JSON Web Signatures", () => {
  test('the file is whole', () => {
    expect(groups.flatMap(({ tests }) => tests)).toHaveLength(vectors.numberOfTests)
  })

  for (const { comment, jwk, tests } of groups) {
    const verify = verifierOf(jwk)
    if (verify)
      test.each(tests)(`${comment}, $tcId $comment: $result`, async ({ tcId, jws, result }) => {
        const token = String(jws)
        const isValid = verify(token)
        if (!(tcId in exceptions)) expect(isValid).toBe(result === 'valid')
        // What we accept jose accepts too; 356 is a key that jose refuses to import.
        if (isValid && tcId !== 356) await compactVerify(token, await importJWK(jwk, jwk.alg ?? 'ES256'))
      })
  }

  test('no token of another algorithm is accepted, whichever kind of key we hold', () => {
    const secret = withSecret(Buffer.alloc(32))
    for (const { jwk, tests } of groups.filter((group) => !verifierOf(group.jwk)))
      for (const { jws } of tests)
        for (const algorithm of ['ES256', 'EdDSA'] as const) {
          const { publicKey } =
            algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519')
          expect(secret(String(jws))).toBe(false)
          expect(withPublicKey(String(jwk.kid), publicKey, algorithm)(String(jws))).toBe(false)
        }
  })

  test.each([{ use: 'enc' }, { key_ops: ['encrypt'] }, { key_ops: ['verify'] }, { key_ops: 'sign' }])(
    'a key that is not for signing is refused when it is read: %j',
    (member) => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const read = (extra: object) =>
        parseJwkSet(JSON.stringify({ keys: [{ ...privateKey.export({ format: 'jwk' }), ...extra }] }))
      expect(() => read(member)).toThrow(`wrong: keys.0.${Object.keys(member)[0]}`)
      expect(read({ use: 'sig', key_ops: ['sign', 'verify'] }).keys).toHaveLength(1)
    },
  )
})
