import { AppError } from '../errors/app-error.ts'
import type { AuthDeps } from './deps.ts'
import type { FirstFactor } from './first-factor.ts'
import type { MfaRequired } from './schemas.ts'

/**
 * Asks for the second factor of an account that has one. The reserved attempt is released: it was no failure, and resets
 * nothing before the sign-in is complete.
 * @returns null where the account has another password or other factors by now, or is not active: nothing was released
 * @throws AppError `service-unavailable` where no room can judge the factor: nobody enters by the first one alone
 */
export async function askSecondFactor(deps: AuthDeps, first: FirstFactor): Promise<MfaRequired | null> {
  if (!deps.secondFactor) throw new AppError('service-unavailable')
  const asked = await deps.secondFactor(deps, first)
  return asked && { status: 'mfa-required', ...asked }
}
