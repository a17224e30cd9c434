import { AppError } from '../errors/app-error.ts'
import type { AuthDeps } from './deps.ts'
import type { FirstFactor } from './first-factor.ts'
import type { MfaRequired } from './schemas.ts'

/**
 * Asks for the second factor of an account that has one. The reserved attempt is released: it was no failure, and its counter is reset
 * only when the sign-in completes.
 * @returns null where password or factors changed since, or the account is not active: then nothing was released
 * @throws AppError `service-unavailable` where this program has no second factors: the first factor alone must not sign in
 */
export async function askSecondFactor(deps: AuthDeps, first: FirstFactor): Promise<MfaRequired | null> {
  if (!deps.secondFactor) throw new AppError('service-unavailable')
  const asked = await deps.secondFactor(deps, first)
  return asked && { status: 'mfa-required', ...asked }
}
