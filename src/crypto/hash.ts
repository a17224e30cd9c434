import { createHash, hkdfSync } from 'node:crypto'

/** A random id of at least 128 bits, for `jti` (RFC 7519 4.1.7). */
export function newTokenId(): string {
  return crypto.getRandomValues(Buffer.alloc(18)).toString('base64url')
}

/** SHA-256 of a token, which is stored in its place. */
export function hashToken(token: string): Buffer {
  return new Bun.CryptoHasher('sha256').update(token).digest()
}

/** SHA-256 of a text in hexadecimal, to detect changes. */
export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

/** A key of 32 bytes for one purpose (HKDF-SHA256, RFC 5869), so that no two uses of a secret share a key. */
export function deriveKey(secret: string, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, 'manas360', purpose, 32))
}
