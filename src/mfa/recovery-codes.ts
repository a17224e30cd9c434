import { randomBytes } from 'node:crypto'
import { hashToken } from '../crypto/hash.ts'

/** Codes in a set. */
const count = 10

/** Crockford's base 32: without I, L and O, which look like digits, and without U. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const length = 24
const groups = /.{4}/g
const shape = new RegExp(`^[${alphabet}]{${length}}$`)

/** A new set of codes as they are shown: `7K2Q-…`, 24 letters and digits in groups of four, which are 120 random bits. */
export const mintRecoveryCodes = (): string[] => Array.from({ length: count }, mintRecoveryCode)

function mintRecoveryCode(): string {
  // 32 divides 256, so every letter is equally likely.
  const text = Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join('')
  return (text.match(groups) ?? []).join('-')
}

/** The canonical form of a typed code: upper case, no separators, O as 0, I and L as 1; null where it cannot be a recovery code. */
export function readRecoveryCode(text: string): string | null {
  const plain = text.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  return shape.test(plain) ? plain : null
}

/**
 * The stored hash of a code in its canonical form: SHA-256. From 112 random bits on, a fast hash without a salt is enough (NIST SP
 * 800-63B-4 3.1.2.2).
 */
export function hashRecoveryCode(plain: string): Buffer {
  return hashToken(plain)
}
