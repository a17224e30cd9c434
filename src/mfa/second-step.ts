import type { AuthMethod } from '../access/strength.ts'
import type { Origin } from '../audit/actor.ts'
import type { Reservation } from '../auth/reservation.ts'
import type { SessionBody } from '../auth/session-body.ts'
import { completeSignIn } from '../auth/sign-in.ts'
import { hashToken } from '../crypto/hash.ts'
import { AppError } from '../errors/app-error.ts'
import { verifyPasskey } from '../passkeys/assertion.ts'
import { passkeyRequestOptions } from '../passkeys/options.ts'
import type { PasskeyResponse, RequestOptions } from '../passkeys/schemas.ts'
import {
  type Challenge,
  type CodeTry,
  findChallenge,
  type Proof,
  refundTry,
  spendChallenge,
  takeCodeTry,
} from './challenge-queries.ts'
import { isWrongCode, toProof, toReservation, withCodeTry } from './code-tries.ts'
import type { MfaDeps } from './deps.ts'
import { takePasskeyTry } from './passkey-try-queries.ts'
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
      return openSession(deps, origin, taken, { proof, shown: ['otp'], reservation })
    })
  })
}

/**
 * The same by a passkey, in a response to `secondStepOptions`. No counter of codes counts it: there is nothing to guess.
 * @throws AppError `invalid-mfa-token`, `invalid-passkey`, of which five void the token, too
 */
export async function completeByPasskey(
  deps: MfaDeps,
  origin: Origin,
  { mfaToken, passkey }: { mfaToken: string; passkey: PasskeyResponse },
): Promise<SessionBody> {
  const taken = await takePasskeyTry(deps.sql, hashToken(mfaToken), passkey)
  if (!taken) throw new AppError('invalid-mfa-token')
  const { challenge, stored } = taken
  return refundUndecided(deps, { ...challenge, tried: true }, async () => {
    const verified = await verifyPasskey(deps, origin, bindingOf(challenge), passkey, stored)
    return openSession(deps, origin, challenge, {
      proof: { kind: 'passkey', verified },
      shown: verified.amr,
      reservation: null,
    })
  })
}

/** Options to complete a sign-in by a passkey of the account. @throws AppError `invalid-mfa-token`, `no-second-factor` */
export async function secondStepOptions(deps: MfaDeps, mfaToken: string): Promise<RequestOptions> {
  const challenge = await findChallenge(deps.sql, hashToken(mfaToken))
  if (!challenge) throw new AppError('invalid-mfa-token')
  if (!challenge.secondFactors.includes('passkey')) throw new AppError('no-second-factor')
  return passkeyRequestOptions(deps, bindingOf(challenge))
}

/** What a passkey's response is good for: this sign-in alone. */
const bindingOf = ({ id, accountId }: Challenge) => ({ purpose: 'mfa', accountId, boundTo: id }) as const

/** Gives the try of a token back that ended without a verdict. */
async function refundUndecided<T>(
  deps: MfaDeps,
  { id, tried }: Pick<CodeTry, 'id' | 'tried'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (tried && !isWrong(error)) await refundTry(deps.sql, id)
    throw error
  }
}

const isWrong = (error: unknown): boolean =>
  isWrongCode(error) || (error instanceof AppError && error.code === 'invalid-passkey')

type Shown = {
  proof: Proof
  shown: readonly AuthMethod[]
  /** The try of a code, whose counter is reset. */
  reservation: Reservation | null
}

/** @throws AppError `invalid-mfa-token`, `invalid-code`, `invalid-passkey`: it was used up meanwhile, and nothing was changed */
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
    amr: [...challenge.amr, ...shown],
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
      if (!spent.isRight) throw new AppError(proof.kind === 'passkey' ? 'invalid-passkey' : 'invalid-code')
      codesLeft = spent.codesLeft
      return true
    },
  })
  if (!body) throw new AppError('invalid-mfa-token')
  return body
}
