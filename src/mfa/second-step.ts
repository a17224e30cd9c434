import type { AuthMethod } from '../access/strength.ts'
import type { Origin } from '../audit/actor.ts'
import type { Reservation } from '../auth/reservation.ts'
import type { SessionBody } from '../auth/session-body.ts'
import { completeSignIn } from '../auth/sign-in.ts'
import { hashToken } from '../crypto/hash.ts'
import { AppError } from '../errors/app-error.ts'
import {
  type Challenge,
  type CodeTry,
  type Proof,
  refundTry,
  spendChallenge,
  takeCodeTry,
} from './challenge-queries.ts'
import { isWrongCode, toProof, toReservation, withCodeTry } from './code-tries.ts'
import type { MfaDeps } from './deps.ts'
import { readCode } from './presented-code.ts'

/**
 * Completes a sign-in by a code, of an authenticator app or a recovery code. Of however many uses at once of one token, of one
 * code, or of both, one opens a session. Five wrong codes void the token, and all of an account's count together.
 * @throws AppError `invalid-mfa-token`, which counts nowhere; `invalid-code`, `account-locked`, `rate-limited`
 */
export async function completeByCode(
  deps: MfaDeps,
  origin: Origin,
  { mfaToken, code }: { mfaToken: string; code: string },
): Promise<SessionBody> {
  const attemptId = Bun.randomUUIDv7()
  const taken = await takeCodeTry(deps.sql, hashToken(mfaToken), attemptId)
  // Also where as many tries as there are of it are under way.
  if (!taken || (!taken.tried && taken.lockedForSeconds === null)) throw new AppError('invalid-mfa-token')
  return refundUndecided(deps, taken, () => {
    const { accountId, totpId, totpSecret } = taken
    const reservation = toReservation(taken, attemptId)
    return withCodeTry(deps, origin, { accountId, reservation }, async () => {
      const totp = totpId !== null && totpSecret !== null ? { id: totpId, secret: totpSecret } : null
      const proof = await toProof(deps, readCode(code), totp)
      if (!proof) throw new AppError('invalid-code')
      return openSession(deps, origin, taken, { proof, shown: 'otp', reservation })
    })
  })
}

/** Gives the try of a token back that ended without a verdict. */
async function refundUndecided<T>(deps: MfaDeps, { id, tried }: CodeTry, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (tried && !isWrongCode(error)) await refundTry(deps.sql, id)
    throw error
  }
}

type Shown = {
  proof: Proof
  shown: AuthMethod
  /** The try of a code, whose counter is reset. */
  reservation: Reservation | null
}

/** @throws AppError `invalid-mfa-token`, `invalid-code`: it was used up meanwhile, and nothing was changed */
async function openSession(
  deps: MfaDeps,
  origin: Origin,
  challenge: Challenge,
  { proof, shown, reservation }: Shown,
): Promise<SessionBody> {
  const { id, accountId, isNewDevice, loginCounter, loginCounterOf } = challenge
  let codesLeft = 0
  const body = await completeSignIn(deps, accountId, {
    method: 'second-factor',
    amr: [...challenge.amr, shown],
    origin,
    isNewDevice,
    details: { secondFactor: proof.kind },
    notices: (tx) =>
      proof.kind === 'recovery-code'
        ? [deps.mail.noticePart(tx, [accountId, 'recovery-code-used', { codesLeft }], undefined, 'code_notice')]
        : [],
    ...(loginCounter &&
      loginCounterOf && { reservation: { key: loginCounter, attemptId: id, counter: loginCounterOf } }),
    prove: async (tx) => {
      const spent = await spendChallenge(tx, challenge, proof, reservation)
      // Thrown, so that what else the statement wrote is undone.
      if (!spent.isOpen) throw new AppError('invalid-mfa-token')
      if (!spent.isRight) throw new AppError('invalid-code')
      codesLeft = spent.codesLeft
      return true
    },
  })
  if (!body) throw new AppError('invalid-mfa-token')
  return body
}
