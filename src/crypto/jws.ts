import { createHash, timingSafeEqual } from 'node:crypto'

const maxTokenLength = 4_096
const compactForm = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/

/** An HMAC key with its id. */
export type Key = { id: string; bytes: Uint8Array }
/** A kind of token: its `typ` (undefined: none), its encoded header, and the keys that it accepts. */
export type Kind = { typ: string | undefined; header: string; keys: Key[] }

/** The UTF-8 bytes of a secret as an HMAC key, whose id is a fingerprint. */
export function toKey(secret: string): Key {
  return { id: createHash('sha256').update(secret).digest('hex').slice(0, 8), bytes: new TextEncoder().encode(secret) }
}

/** A compact JWS (RFC 7515) under one key. */
export function sign(kind: Kind, claims: object, key: Key | undefined): string {
  if (!key) throw new Error('no secret to sign with')
  const signed = `${kind.header}.${encodeJson(claims)}`
  return `${signed}.${hmac(key, signed)}`
}

/** The claims of a compact JWS that one of the kind's keys signed, or null. */
export function verify(kind: Kind, token: string): Record<string, unknown> | null {
  return decodeJson(verifyPayload(kind, token) ?? '')
}

/** The payload, still encoded, of a compact JWS that one of the kind's keys signed, or null. */
export function verifyPayload(kind: Kind, token: string): string | null {
  const parts = split(token)
  if (!parts) return null
  const { header, payload, signed } = parts
  if (header !== kind.header && !isAcceptable(decodeJson(header), 'HS256', kind.typ)) return null
  // Compared as text: a signature has one encoding, and stray bits in its last character are refused.
  const signature = Buffer.from(parts.signature)
  return kind.keys.some((key) => isSame(Buffer.from(hmac(key, signed)), signature)) ? payload : null
}

/** The parts of a compact JWS, still encoded; null for anything else. */
export function split(token: string) {
  if (token.length > maxTokenLength || !compactForm.test(token)) return null
  const headerEnd = token.indexOf('.')
  const payloadEnd = token.lastIndexOf('.')
  return {
    header: token.slice(0, headerEnd),
    payload: token.slice(headerEnd + 1, payloadEnd),
    signed: token.slice(0, payloadEnd),
    signature: token.slice(payloadEnd + 1),
  }
}

type Header = Record<string, unknown>

/** The algorithm is pinned, whatever the header says; critical extensions are refused (RFC 7515 4.1.11). */
export function isAcceptable(header: Header | null, algorithm: string, typ: string | undefined): header is Header {
  return header !== null && header.alg === algorithm && header.typ === typ && !('crit' in header) && !('b64' in header)
}

function hmac(key: Key, text: string): string {
  return new Bun.CryptoHasher('sha256', key.bytes).update(text).digest('base64url')
}

function isSame(a: Buffer, b: Buffer): boolean {
  return a.length === b.length && timingSafeEqual(a, b)
}

/** JSON in base64url (RFC 7515 2). */
export function encodeJson(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

/** The JSON object of a base64url part of a JWS; null where it is none. */
export function decodeJson(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null
  } catch {
    return null
  }
}
