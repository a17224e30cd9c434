import { createPrivateKey, sign } from 'node:crypto'
import { generateKeySet } from '../../src/crypto/key-rotation.ts'
import {
  type AsymmetricAlgorithm,
  type PrivateJwk,
  type PrivateJwkSet,
  toSigningKeys,
} from '../../src/crypto/signing-keys.ts'

/** A set of one key, made now. */
export function newKeySet(algorithm: AsymmetricAlgorithm): Promise<PrivateJwkSet> {
  return generateKeySet(algorithm, Math.floor(Date.now() / 1000))
}

/** The environment variables for access tokens signed with a set. */
export function signingWith(algorithm: AsymmetricAlgorithm, set: PrivateJwkSet) {
  return { JWT_ALGORITHM: algorithm, JWT_KEYS: JSON.stringify(set), JWT_SECRET: '' }
}

/** A key of the set, its public part, and its id. */
export function keyOf(set: PrivateJwkSet, position = 0) {
  const key = toSigningKeys(set)[position]
  const jwk = set.keys[position]
  if (!key || !jwk) throw new Error('the set has no such key')
  return { jwk, id: key.id, publicJwk: key.publicJwk, publicKey: key.publicKey }
}

export function encodePart(value: object | string): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}

/** A JWS with any header, under a private key. */
export function forge(header: object | string, claims: object | string, jwk: PrivateJwk): string {
  const signed = `${encodePart(header)}.${encodePart(claims)}`
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  const hash = jwk.kty === 'EC' ? 'sha256' : null
  const signature = sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' })
  return `${signed}.${signature.toString('base64url')}`
}
