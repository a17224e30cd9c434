import type { Origin } from '../audit/actor.ts'
import { recordFailedCheck } from '../auth/failed-checks.ts'
import { release, requireAdmitted } from '../auth/lockout.ts'
import type { Reservation } from '../auth/reservation.ts'
import { AppError } from '../errors/app-error.ts'
import type { MfaDeps } from './deps.ts'
import type { PresentedCode } from './presented-code.ts'
import { stepOfCode } from './totp.ts'

/** An authenticator app's secret as it is stored. */
export type EncryptedSecret = { id: string; secret: Buffer }

export const secretPlace = (id: string) => ({ table: 'totp_factors', column: 'secret', id })

/** The time step of a code of an authenticator app; null: it is none of its codes now. */
export function verifyCode(
  deps: Pick<MfaDeps, 'secrets' | 'now'>,
  { id, secret }: EncryptedSecret,
  digits: string,
): Promise<number | null> {
  return stepOfCode(deps.secrets.decrypt(secret, secretPlace(id)), digits, deps.now())
}

/** A code that may be right: what it takes to use it up. */
export type CodeProof = { kind: 'totp'; totpId: string; step: number } | { kind: 'recovery-code'; hash: Buffer }

/** What a code would prove, but for having been used; null: it is wrong. */
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

/** A try of a code that was reserved, and whose it is. */
export type CountedTry = { accountId: string; reservation: Reservation }

/**
 * Does what a code is needed for, in a try that was reserved: `invalid-code` is counted, any other error gives the try back.
 * `work` resets the counter in the transaction that uses the code up.
 * @throws AppError `invalid-code`, and what `work` throws
 */
export async function withCodeTry<T>(
  deps: MfaDeps,
  origin: Origin,
  { accountId, reservation }: CountedTry,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    await settleTry(deps, origin, { accountId, reservation }, error)
    throw error
  }
}

/** Ends a try that used no code up: counts it where it was wrong, and gives it back where anything else came between. */
export function settleTry(
  deps: MfaDeps,
  origin: Origin,
  { accountId, reservation }: CountedTry,
  error: unknown,
): Promise<void> {
  return isWrongCode(error) ? recordFailedCheck(deps, origin, reservation, accountId) : release(deps, reservation)
}

/** Whether that is what a request ended with. */
export const isWrongCode = (error: unknown): boolean => error instanceof AppError && error.code === 'invalid-code'

type ReservedTry = { key: Buffer; isDevice: boolean; admitted: boolean | null; lockedForSeconds: number | null }

/** @throws AppError `account-locked`, `rate-limited` as requireAdmitted */
export function toReservation(row: ReservedTry, attemptId: string): Reservation {
  requireAdmitted(row)
  return { key: row.key, attemptId, counter: row.isDevice ? 'code-device' : 'code' }
}
