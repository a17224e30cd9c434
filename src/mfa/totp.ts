import type { TOTP } from 'otpauth'

/** Seconds for which a code is shown (RFC 6238 4.1: "We RECOMMEND a default time-step size of 30 seconds"). */
const stepSeconds = 30
/** Steps that a code may be early or late by (RFC 6238 5.2: "at most one time step is allowed as the network delay"). */
const window = 1

/** Loaded at first use, to save time and memory at start. */
const otpauth = () => import('otpauth')

async function toTotp(secret: string, names: { issuer?: string; label?: string } = {}): Promise<TOTP> {
  const { Secret, TOTP } = await otpauth()
  // The values that every authenticator app supports: several ignore other algorithms, lengths and periods.
  const parameters = { algorithm: 'SHA1', digits: 6, period: stepSeconds }
  return new TOTP({ ...parameters, ...names, secret: Secret.fromBase32(secret) })
}

/** A new secret: 160 random bits (RFC 4226 4: "RECOMMENDED"), in base 32. */
export async function mintTotpSecret(): Promise<string> {
  const { Secret } = await otpauth()
  return new Secret({ size: 20 }).base32
}

/** The `otpauth://` URI from which an authenticator app reads the secret, the issuer and the account's name. */
export async function totpUri(secret: string, issuer: string, label: string): Promise<string> {
  return (await toTotp(secret, { issuer, label })).toString()
}

/**
 * The time step of a code (RFC 6238), at most one step early or late; null: the code is wrong. Compared in constant
 * time. The database decides whether the step was used before.
 * @param code six digits
 * @param now epoch milliseconds, by the database's clock
 */
export async function stepOfCode(secret: string, code: string, now: number): Promise<number | null> {
  const totp = await toTotp(secret)
  const delta = totp.validate({ token: code, timestamp: now, window })
  return delta === null ? null : totp.counter({ timestamp: now }) + delta
}
