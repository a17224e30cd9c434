import { decodeJson, encodeJson, isAcceptable, sign, split, toKey, verify } from './jws.ts'
import { type AsymmetricAlgorithm, type SigningKey, signText, verifySignature } from './signing-keys.ts'

/** The keys of access tokens; the first signs, all verify. */
type AccessKeys =
  | { algorithm: 'HS256'; secrets: readonly string[] }
  | { algorithm: AsymmetricAlgorithm; keys: readonly SigningKey[] }

/**
 * Signs and verifies on this thread: asynchronous WebCrypto would queue behind argon2 in the same thread pool. `verify`
 * returns the claims of a token that one of the keys signed, or null.
 */
type AccessSigner = {
  sign(claims: object): string
  verify(token: string): Record<string, unknown> | null
}

const typ = 'at+jwt'

/** Signs and verifies access tokens: with HS256 and shared secrets, or with the private keys of a key set. */
export function createAccessSigner(keys: AccessKeys): AccessSigner {
  return keys.algorithm === 'HS256' ? withSecrets(keys.secrets) : withKeys(keys.algorithm, keys.keys)
}

function withSecrets(secrets: readonly string[]): AccessSigner {
  const kind = { typ, header: encodeJson({ alg: 'HS256', typ }), keys: secrets.map(toKey) }
  return {
    sign: (claims) => sign(kind, claims, kind.keys[0]),
    verify: (token) => verify(kind, token),
  }
}

function withKeys(algorithm: AsymmetricAlgorithm, keys: readonly SigningKey[]): AccessSigner {
  const [key] = keys
  const header = key && headerOf(key)
  const verifyPayload = createVerifier(algorithm, keys, typ)
  return {
    sign(claims) {
      if (!key) throw new Error('no key to sign with')
      const signed = `${header}.${encodeJson(claims)}`
      return `${signed}.${signText(key, signed).toString('base64url')}`
    },
    verify: (token) => decodeJson(verifyPayload(token) ?? ''),
  }
}

const headerOf = ({ algorithm, id }: SigningKey): string => encodeJson({ alg: algorithm, typ, kid: id })

/**
 * Makes a verifier that returns the payload, still encoded, of a compact JWS that one of the keys signed, or null.
 * @param type the `typ` that the header must have; undefined: none
 */
export function createVerifier(
  algorithm: AsymmetricAlgorithm,
  keys: readonly SigningKey[],
  type: string | undefined,
): (token: string) => string | null {
  const byHeader = new Map(type === typ ? keys.map((key) => [headerOf(key), key]) : [])
  const byId = new Map<unknown, SigningKey>(keys.map((key) => [key.id, key]))

  /** `kid` selects among our own keys only; a token without one of their ids is refused. */
  function findKey(header: string): SigningKey | undefined {
    const known = byHeader.get(header)
    if (known) return known
    const decoded = decodeJson(header)
    return isAcceptable(decoded, algorithm, type) ? byId.get(decoded.kid) : undefined
  }

  return (token) => {
    const parts = split(token)
    const key = parts && findKey(parts.header)
    if (!key) return null
    const signature = Buffer.from(parts.signature, 'base64url')
    // A signature has one encoding: stray bits in its last character are refused.
    if (signature.length !== 64 || signature.toString('base64url') !== parts.signature) return null
    return verifySignature(key, parts.signed, signature) ? parts.payload : null
  }
}
