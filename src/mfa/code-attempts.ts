import type { Origin } from '../audit/actor.ts'
import { recordFailedCheck } from '../auth/failed-checks.ts'
import { release, requireAdmitted } from '../auth/lockout.ts'
import type { Reservation } from '../auth/reservation.ts'
import { AppError } from '../errors/app-error.ts'
import type { MfaDeps } from './deps.ts'
import type { PresentedCode } from './presented-code.ts'
import { stepOfCode } from './totp.ts'

/** An authenticator app's secret as it is stored. */
type EncryptedSecret = { id: string; secret: Buffer }

/** The place of a secret, which its encryption authenticates. */
export const secretPlace = (id: string) => ({ table: 'totp_factors', column: 'secret', id })

/** The time step of an authenticator app's code (RFC 6238); null: the code is wrong at this time. */
export function verifyCode(
  deps: Pick<MfaDeps, 'secrets' | 'now'>,
  { id, secret }: EncryptedSecret,
  digits: string,
): Promise<number | null> {
  return stepOfCode(deps.secrets.decrypt(secret, secretPlace(id)), digits, deps.now())
}

/** The data that uses a code up. A recovery code is not yet known to be right. */
export type CodeProof = { kind: 'totp'; totpId: string; step: number } | { kind: 'recovery-code'; hash: Buffer }

/** Checks a code, except for whether it was used before; null: it is wrong. */
export async function toProof(
  deps: Pick<MfaDeps, 'secrets' | 'now'>,
  code: PresentedCode,
  totp: EncryptedSecret | null,
): Promise<CodeProof | null> {
  if (code.kind === 'recovery-code') return code
  if (code.kind === 'none' || totp === null) return null
  const step = await verifyCode(deps, totp, code.digits)
  return step === null ? null : { kind: 'totp', totpId: totp.id, step }
}

/** A reserved attempt of a code, and its account. */
type ReservedAttempt = { accountId: string; reservation: Reservation }

/**
 * Runs `work` under a reserved attempt: `invalid-code` is counted as a failure, any other error releases the attempt. `work` resets the
 * counter in the transaction that uses the code up.
 * @throws AppError `invalid-code`, and what `work` throws
 */
export async function withCodeAttempt<T>(
  deps: MfaDeps,
  origin: Origin,
  { accountId, reservation }: ReservedAttempt,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await endAttempt(deps, origin, { accountId, reservation }, error)
    throw error
  }
}

/** Ends an attempt that used no code up: counts it where the code was wrong, and releases it otherwise. */
export function endAttempt(
  deps: MfaDeps,
  origin: Origin,
  { accountId, reservation }: ReservedAttempt,
  error: unknown,
): Promise<void> {
  return isWrongCode(error) ? recordFailedCheck(deps, origin, reservation, accountId) : release(deps, reservation)
}

/** Whether an error is `invalid-code`. */
export const isWrongCode = (error: unknown): boolean => error instanceof AppError && error.code === 'invalid-code'

type ReservationRow = { key: Buffer; isDevice: boolean; admitted: boolean | null; lockedForSeconds: number | null }

/** @throws AppError `account-locked`, `rate-limited` as requireAdmitted */
export function toReservation(row: ReservationRow, attemptId: string): Reservation {
  requireAdmitted(row)
  return { key: row.key, attemptId, counter: row.isDevice ? 'code-device' : 'code' }
}
