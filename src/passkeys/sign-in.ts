import type { Origin } from '../audit/actor.ts'
import { recordSignIn } from '../auth/passwordless.ts'
import type { SessionBody } from '../auth/session-body.ts'
import { completeSignIn } from '../auth/sign-in.ts'
import { AppError } from '../errors/app-error.ts'
import { usePasskey, verifyPasskey } from './assertion.ts'
import type { PasskeyDeps } from './deps.ts'
import type { PasskeyResponse } from './schemas.ts'

/**
 * Signs a person in by a discoverable passkey. No address is asked for, and no second factor, because a passkey with user verification
 * is two factors. A lockout of the address, which others can cause, does not apply.
 * @param deviceToken from `X-Device-Token`; without a valid one of the account, the person is notified of a new device
 * @throws AppError `invalid-passkey`; `email-not-verified` only after a correct passkey, where addresses must be verified
 */
export async function signInWithPasskey(
  deps: PasskeyDeps,
  origin: Origin,
  input: PasskeyResponse,
  deviceToken: string | undefined,
): Promise<SessionBody> {
  const verified = await verifyPasskey(deps, origin, { purpose: 'sign-in' }, input)
  const { accountId, passkeyId, amr, passwordVersion } = verified
  if (deps.config.requireEmailVerification && !verified.emailVerified) throw new AppError('email-not-verified')
  const device = deps.deviceTokens.read(deviceToken)
  const body = await completeSignIn(deps, accountId, {
    method: 'passkey',
    amr,
    origin,
    isNewDevice: device?.accountId !== accountId || device.passwordVersion !== passwordVersion,
    details: { passkeyId },
    async prove(tx) {
      if (!(await recordSignIn(tx, accountId, origin))) return false
      // Thrown, so that the recorded sign-in is rolled back.
      if (!(await usePasskey(tx, verified))) throw new AppError('invalid-passkey')
      return true
    },
  })
  if (!body) throw new AppError('invalid-passkey')
  return body
}
