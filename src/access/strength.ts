import { AppError, type ProblemCode, problems } from '../errors/app-error.ts'

/** What somebody showed to sign in, as RFC 8176 calls it; `fed`: another provider's word. */
export type AuthMethod = 'pwd' | 'otp' | 'hwk' | 'swk' | 'fed'
/** What that amounts to: `aal2` (NIST SP 800-63B) takes a second factor, or a passkey that verified its user. */
export type Assurance = 'aal1' | 'aal2'

/** How strongly, and when, the person behind a session showed who they are. `authTime` is an epoch second. */
export type Strength = { amr: readonly AuthMethod[]; acr: Assurance; authTime: number }

/** How long what somebody showed counts as recent, where a route wants that. */
export const recentSeconds = 600

const single: ReadonlySet<AuthMethod> = new Set(['pwd', 'fed'])

/** The assurance of everything that was shown. Passkeys count by themselves: they are accepted with user verification alone. */
export function assuranceOf(amr: readonly AuthMethod[]): Assurance {
  return amr.every((method) => single.has(method)) ? 'aal1' : 'aal2'
}

/** @throws AppError `mfa-required` below aal2 */
export function requireAal2({ acr }: Pick<Strength, 'acr'>): void {
  if (acr !== 'aal2') throw insufficient('mfa-required', 'acr_values="aal2"')
}

/** @throws AppError `reauthentication-required` where the person showed who they are longer than `seconds` ago */
export function requireRecentAt(
  { authTime }: Pick<Strength, 'authTime'>,
  nowMs: number,
  seconds = recentSeconds,
): void {
  if (nowMs / 1000 - authTime > seconds) throw insufficient('reauthentication-required', `max_age="${seconds}"`)
}

/**
 * Whoever changes how an account signs in shows the second factor that it has: a password that somebody else knows must not be
 * enough to take it away.
 * @param secondFactors of the account's own row, which is locked
 * @throws AppError `mfa-required`
 */
export function requireOwnFactor(principal: Pick<Strength, 'acr'>, secondFactors: readonly string[]): void {
  if (secondFactors.length > 0) requireAal2(principal)
}

/** RFC 9470 3: the challenge names what would do, so that the client can step up and send the request again. */
function insufficient(code: ProblemCode, wanted: string): AppError {
  const challenge = `Bearer error="insufficient_user_authentication", error_description="${problems[code].title}", ${wanted}`
  return new AppError(code, { headers: { 'WWW-Authenticate': challenge } })
}
