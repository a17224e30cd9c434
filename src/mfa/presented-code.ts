import { hashRecoveryCode, readRecoveryCode } from './recovery-codes.ts'

/** A typed code: of an authenticator app, a recovery code, or neither. */
export type PresentedCode =
  | { kind: 'totp'; digits: string }
  | { kind: 'recovery-code'; hash: Buffer }
  | { kind: 'none' }

/** Classifies a code by its form. Spaces and hyphens are ignored: apps show `123 456`, and people write `123-456`. */
export function readCode(text: string): PresentedCode {
  const digits = text.replace(/[\s-]/g, '')
  if (/^\d{6}$/.test(digits)) return { kind: 'totp', digits }
  const plain = readRecoveryCode(text)
  return plain === null ? { kind: 'none' } : { kind: 'recovery-code', hash: hashRecoveryCode(plain) }
}
