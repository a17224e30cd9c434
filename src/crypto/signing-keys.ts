import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { z } from 'zod'

export const asymmetricAlgorithms = ['ES256', 'EdDSA'] as const
export type AsymmetricAlgorithm = (typeof asymmetricAlgorithms)[number]

/** The public part of a key (RFC 7517 4). */
type PublicJwk = {
  kty: 'EC' | 'OKP'
  crv: 'P-256' | 'Ed25519'
  x: string
  y?: string
  kid: string
  alg: AsymmetricAlgorithm
  use: 'sig'
}

export type SigningKey = {
  id: string
  algorithm: AsymmetricAlgorithm
  privateKey: KeyObject
  publicKey: KeyObject
  publicJwk: PublicJwk
}

/** Made when a key is read: most instances start without one. */
const Coordinate = z.lazy(() => z.string().regex(/^[A-Za-z0-9_-]{43}$/))
const shared = () => ({
  d: Coordinate,
  x: Coordinate,
  kid: z
    .string()
    .regex(/^[\w.-]{1,64}$/)
    .optional(),
  use: z.literal('sig').optional(),
  /** A key for another use is refused (RFC 7517 4.3). */
  key_ops: z
    .array(z.string().max(20))
    .max(10)
    .refine((operations) => operations.includes('sign'))
    .optional(),
  /** Creation time, in epoch seconds; `keys rotate` finds the newest by it. */
  iat: z.int().min(0).optional(),
})
/** A private key of RFC 7518 6.2 or RFC 8037 2; unknown members are ignored (RFC 7517 4). */
const PrivateJwk = z.lazy(() =>
  z.discriminatedUnion('kty', [
    z.looseObject({
      ...shared(),
      kty: z.literal('EC'),
      crv: z.literal('P-256'),
      y: Coordinate,
      alg: z.literal('ES256').optional(),
    }),
    z.looseObject({
      ...shared(),
      kty: z.literal('OKP'),
      crv: z.literal('Ed25519'),
      alg: z.literal('EdDSA').optional(),
    }),
  ]),
)
const PrivateJwkSet = z.lazy(() => z.looseObject({ keys: z.array(PrivateJwk).min(1).max(10) }))
export type PrivateJwk = z.infer<typeof PrivateJwk>
export type PrivateJwkSet = z.infer<typeof PrivateJwkSet>

/**
 * The keys of a private JWK Set, given inline as JSON or as `file:PATH`, in its order.
 * @throws Error with the fault, and never with a part of a key
 */
export function readSigningKeys(text: string): SigningKey[] {
  return toSigningKeys(parseJwkSet(text.startsWith('file:') ? readSetFile(text.slice('file:'.length)) : text))
}

/** The keys of a set. @throws Error when two share an id, or the halves of one do not belong together */
export function toSigningKeys(set: PrivateJwkSet): SigningKey[] {
  const keys = set.keys.map(toSigningKey)
  if (new Set(keys.map(({ id }) => id)).size < keys.length)
    throw new Error('two keys have the same kid: it must tell them apart')
  return keys
}

/** Parses a private JWK Set. @throws Error that names the invalid member, without its value */
export function parseJwkSet(json: string): PrivateJwkSet {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    throw new Error('must be a private JWK Set as JSON, such as `keys generate` prints')
  }
  const { data, error } = PrivateJwkSet.safeParse(value)
  if (data) return data
  const members = error.issues.map(({ path }) => path.map(String).join('.') || 'keys')
  throw new Error(
    `must be a JWK Set of private keys, EC on P-256 (ES256) or OKP on Ed25519 (EdDSA); wrong: ${[...new Set(members)].join(', ')}`,
  )
}

/** Parses a private key. @throws ZodError */
export function parsePrivateJwk(value: unknown): PrivateJwk {
  return PrivateJwk.parse(value)
}

function readSetFile(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Error(`must name a file that can be read (${code})`)
  }
}

/** The JWS algorithm of a key (RFC 7518 3.1, RFC 8037): ES256 for EC keys, else EdDSA. */
export function algorithmOf({ kty }: Pick<PrivateJwk, 'kty'>): AsymmetricAlgorithm {
  return kty === 'EC' ? 'ES256' : 'EdDSA'
}

function toSigningKey(jwk: PrivateJwk, position: number): SigningKey {
  const algorithm = algorithmOf(jwk)
  const id = jwk.kid ?? thumbprintOf(jwk)
  const { kty, crv, x, d } = jwk
  const point = jwk.kty === 'EC' ? { kty, crv, x, y: jwk.y } : { kty, crv, x }
  try {
    const privateKey = createPrivateKey({ key: { ...point, d }, format: 'jwk' })
    const publicKey = createPublicKey({ key: point, format: 'jwk' })
    const key: SigningKey = {
      id,
      algorithm,
      privateKey,
      publicKey,
      publicJwk: { ...point, kid: id, alg: algorithm, use: 'sig' },
    }
    // Not every library compares the halves; the published half must verify what the private one signs.
    if (verifySignature(key, id, signText(key, id))) return key
  } catch {
    // The library's message may quote the key.
  }
  throw new Error(`keys.${position}: the private and the public half do not belong together`)
}

/** The id of a key without `kid` (RFC 7638). */
export function thumbprintOf(jwk: PrivateJwk): string {
  const { crv, kty, x } = jwk
  const members = jwk.kty === 'EC' ? { crv, kty, x, y: jwk.y } : { crv, kty, x }
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}

/** A JWS signature (RFC 7518 3.4: r and s side by side; RFC 8037 3.1), computed synchronously on this thread. */
export function signText({ algorithm, privateKey }: SigningKey, text: string): Buffer {
  return sign(hashOf(algorithm), Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' })
}

/** Verifies a JWS signature over `text`. ES256 signatures have the form r || s (RFC 7518 3.4). */
export function verifySignature({ algorithm, publicKey }: SigningKey, text: string, signature: Uint8Array): boolean {
  return verify(hashOf(algorithm), Buffer.from(text), { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
}

function hashOf(algorithm: AsymmetricAlgorithm): 'sha256' | null {
  return algorithm === 'ES256' ? 'sha256' : null
}
