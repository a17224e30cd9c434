import { AppError, type ProblemCode, problems } from '../errors/app-error.ts'

/** Authentication methods (RFC 8176). `fed` is a value of our own: signed in by another provider. */
export type AuthMethod = 'pwd' | 'otp' | 'hwk' | 'swk' | 'fed'
/**
 * The authenticator assurance level (NIST SP 800-63B). `aal2` takes a second factor, or a passkey with user
 * verification.
 */
export type Assurance = 'aal1' | 'aal2'

/** How and when the person of a session authenticated. `authTime` is in epoch seconds. */
export type Strength = { amr: readonly AuthMethod[]; acr: Assurance; authTime: number }

/** Seconds for which an authentication counts as recent. */
export const recentSeconds = 600

const single: ReadonlySet<AuthMethod> = new Set(['pwd', 'fed'])

/**
 * The assurance level of these methods. A passkey alone is enough for aal2: it is accepted only with user verification.
 */
export function assuranceOf(amr: readonly AuthMethod[]): Assurance {
  return amr.every((method) => single.has(method)) ? 'aal1' : 'aal2'
}

/** @throws AppError `mfa-required` below aal2 */
export function requireAal2({ acr }: Pick<Strength, 'acr'>): void {
  if (acr !== 'aal2') throw insufficient('mfa-required', 'acr_values="aal2"')
}

/** @throws AppError `reauthentication-required` where the last authentication is more than `seconds` ago */
export function requireRecentAt(
  { authTime }: Pick<Strength, 'authTime'>,
  nowMs: number,
  seconds = recentSeconds,
): void {
  if (nowMs / 1000 - authTime > seconds) throw insufficient('reauthentication-required', `max_age="${seconds}"`)
}

/**
 * Requires the second factor of an account that has one, before its sign-in methods change: a stolen password must not
 * be enough to remove the factor.
 * @param secondFactors of the account's own row, which is locked
 * @throws AppError `mfa-required`
 */
export function requireOwnFactor(principal: Pick<Strength, 'acr'>, secondFactors: readonly string[]): void {
  if (secondFactors.length > 0) requireAal2(principal)
}

/**
 * RFC 9470 3: the challenge names the value that is required, so that the client can step up and send the request
 * again.
 */
function insufficient(code: ProblemCode, wanted: string): AppError {
  const challenge = `Bearer error="insufficient_user_authentication", error_description="${problems[code].title}", ${wanted}`
  return new AppError(code, { headers: { 'WWW-Authenticate': challenge } })
}
