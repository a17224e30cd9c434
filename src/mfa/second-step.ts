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
  type CodeAttempt,
  consumeChallenge,
  findChallenge,
  type Proof,
  refundAttempt,
  takeCodeAttempt,
} from './challenge-queries.ts'
import { isWrongCode, toProof, toReservation, withCodeAttempt } from './code-attempts.ts'
import type { MfaDeps } from './deps.ts'
import { takePasskeyAttempt } from './passkey-attempt-queries.ts'
import { readCode } from './presented-code.ts'

/**
 * Completes a sign-in by a code of an authenticator app or a recovery code. Of concurrent uses of one token or one code, exactly one
 * opens a session. Five wrong codes void the token; an account's wrong codes are also counted across tokens.
 * @throws AppError `invalid-mfa-token`, which is not counted; `invalid-code`, `account-locked`, `rate-limited`
 */
export async function completeByCode(
  deps: MfaDeps,
  origin: Origin,
  { mfaToken, code }: { mfaToken: string; code: string },
): Promise<SessionBody> {
  const attemptId = Bun.randomUUIDv7()
  const attempt = await takeCodeAttempt(deps.sql, hashToken(mfaToken), attemptId)
  // Also where all attempts of the token are used or under way.
  if (!attempt || (!attempt.tried && attempt.lockedForSeconds === null)) throw new AppError('invalid-mfa-token')
  return refundUndecided(deps, attempt, () => {
    const { accountId, totpId, totpSecret } = attempt
    const reservation = toReservation(attempt, attemptId)
    return withCodeAttempt(deps, origin, { accountId, reservation }, async () => {
      const totp = totpId !== null && totpSecret !== null ? { id: totpId, secret: totpSecret } : null
      const proof = await toProof(deps, readCode(code), totp)
      if (!proof) throw new AppError('invalid-code')
      return openSession(deps, origin, attempt, { proof, shown: ['otp'], reservation })
    })
  })
}

/**
 * Completes a sign-in by a passkey, in a response to `secondStepOptions`. Failures do not count as wrong codes: a signature cannot be
 * guessed.
 * @throws AppError `invalid-mfa-token`; `invalid-passkey`, of which five void the token
 */
export async function completeByPasskey(
  deps: MfaDeps,
  origin: Origin,
  { mfaToken, passkey }: { mfaToken: string; passkey: PasskeyResponse },
): Promise<SessionBody> {
  const attempt = await takePasskeyAttempt(deps.sql, hashToken(mfaToken), passkey)
  if (!attempt) throw new AppError('invalid-mfa-token')
  const { challenge, stored } = attempt
  return refundUndecided(deps, { ...challenge, tried: true }, async () => {
    const verified = await verifyPasskey(deps, origin, bindingOf(challenge), passkey, stored)
    return openSession(deps, origin, challenge, {
      proof: { kind: 'passkey', verified },
      shown: verified.amr,
      reservation: null,
    })
  })
}

/** WebAuthn request options for a passkey of the account. @throws AppError `invalid-mfa-token`, `no-second-factor` */
export async function secondStepOptions(deps: MfaDeps, mfaToken: string): Promise<RequestOptions> {
  const challenge = await findChallenge(deps.sql, hashToken(mfaToken))
  if (!challenge) throw new AppError('invalid-mfa-token')
  if (!challenge.secondFactors.includes('passkey')) throw new AppError('no-second-factor')
  return passkeyRequestOptions(deps, bindingOf(challenge))
}

/** Binds a passkey's response to this sign-in. */
const bindingOf = ({ id, accountId }: Challenge) => ({ purpose: 'mfa', accountId, boundTo: id }) as const

/** Returns the token's attempt if `work` ends with an error that does not say that the factor is wrong. */
async function refundUndecided<T>(
  deps: MfaDeps,
  { id, tried }: Pick<CodeAttempt, 'id' | 'tried'>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (tried && !isWrong(error)) await refundAttempt(deps.sql, id)
    throw error
  }
}

const isWrong = (error: unknown): boolean =>
  isWrongCode(error) || (error instanceof AppError && error.code === 'invalid-passkey')

type Shown = {
  proof: Proof
  shown: readonly AuthMethod[]
  /** The code's reserved attempt, whose counter is reset; null for a passkey. */
  reservation: Reservation | null
}

/** @throws AppError `invalid-mfa-token`, `invalid-code`, `invalid-passkey` where it was used up meanwhile: nothing is changed */
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
      const spent = await consumeChallenge(tx, challenge, proof, reservation)
      // Thrown, so that the transaction is rolled back.
      if (!spent.isOpen) throw new AppError('invalid-mfa-token')
      if (!spent.isRight) throw new AppError(proof.kind === 'passkey' ? 'invalid-passkey' : 'invalid-code')
      codesLeft = spent.codesLeft
      return true
    },
  })
  if (!body) throw new AppError('invalid-mfa-token')
  return body
}
