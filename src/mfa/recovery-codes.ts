import { randomBytes } from 'node:crypto'
import { hashToken } from '../crypto/hash.ts'

/** How many there are at once. */
const count = 10

/** Crockford's base 32: no letter is taken for a digit, and none makes a word. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const length = 24
const groups = /.{4}/g
const shape = new RegExp(`^[${alphabet}]{${length}}$`)

/** A new set of codes as they are shown: `7K2Q-…`, 24 letters and digits in groups of four, which are 120 random bits. */
export const mintRecoveryCodes = (): string[] => Array.from({ length: count }, mintRecoveryCode)

function mintRecoveryCode(): string {
  // 32 divides 256: no letter is likelier than another.
  const text = Array.from(randomBytes(length), (byte) => alphabet[byte % alphabet.length]).join('')
  return (text.match(groups) ?? []).join('-')
}

/** The one spelling of what somebody typed from paper, or null where it cannot be such a code. */
export function readRecoveryCode(text: string): string | null {
  const plain = text.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1')
  return shape.test(plain) ? plain : null
}

/**
 * What is kept of a code, given in its one spelling: SHA-256. From 112 random bits on a fast hash without a salt is enough (NIST SP
 * 800-63B-4 3.1.2.2): nobody can try 2^120 of them.
 */
export function hashRecoveryCode(plain: string): Buffer {
  return hashToken(plain)
}
