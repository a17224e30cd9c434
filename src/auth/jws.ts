import { createHash, timingSafeEqual } from 'node:crypto'

const MaxTokenLength = 4_096
const Compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** A secret and its name. */
export type Key = { id: string; bytes: Uint8Array }
/** One kind of token: its `typ`, its encoded header, and the keys that are good for it. */
export type Kind = { typ: string; header: string; keys: Key[] }

/** The UTF-8 bytes of a secret as an HMAC key, named by its fingerprint. */
export function toKey(secret: string): Key {
  return { id: createHash('sha256').update(secret).digest('hex').slice(0, 8), bytes: new TextEncoder().encode(secret) }
}

/** A compact JWS (RFC 7515) under one key. */
export function sign(kind: Kind, claims: object, key: Key | undefined): string {
  if (!key) throw new Error('no secret to sign with')
  const signed = `${kind.header}.${encodeJson(claims)}`
  return `${signed}.${hmac(key, signed)}`
}

/** The payload of a compact JWS that one of the kind's keys signed, or null. */
export function verify(kind: Kind, token: string): Record<string, unknown> | null {
  if (token.length > MaxTokenLength || !Compact.test(token)) return null
  const headerEnd = token.indexOf('.')
  const payloadEnd = token.lastIndexOf('.')
  const header = token.slice(0, headerEnd)
  if (header !== kind.header && !isAcceptable(decodeJson(header), kind.typ)) return null
  const signed = token.slice(0, payloadEnd)
  // Compared as text: a signature has one spelling, and stray bits in its last character are refused.
  const signature = Buffer.from(token.slice(payloadEnd + 1))
  if (!kind.keys.some((key) => isSame(Buffer.from(hmac(key, signed)), signature))) return null
  return decodeJson(token.slice(headerEnd + 1, payloadEnd))
}

/** The algorithm is pinned, whatever the header asks for; extensions that we would have to understand are refused (RFC 7515 4.1.11). */
function isAcceptable(header: Record<string, unknown> | null, typ: string): boolean {
  return header !== null && header.alg === 'HS256' && header.typ === typ && !('crit' in header) && !('b64' in header)
}

function hmac(key: Key, text: string): string {
  return new Bun.CryptoHasher('sha256', key.bytes).update(text).digest('base64url')
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

export function encodeJson(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function decodeJson(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
