import type { Actor } from '../access/actor.ts'
import { account as entity } from '../audit/actor.ts'
import { clearCounter } from '../auth/lockout.ts'
import type { Reservation } from '../auth/reservation.ts'
import { raiseSession } from '../auth/session-strength.ts'
import { requireStrongSignIn, sessionOf } from '../auth/sessions.ts'
import { recordAuthzChange } from '../changes/record.ts'
import { AppError } from '../errors/app-error.ts'
import { secretPlace, toReservation, verifyCode } from './code-attempts.ts'
import type { MfaDeps } from './deps.ts'
import { reserveEnrolmentCode } from './own-code-queries.ts'
import { readCode } from './presented-code.ts'
import { toQrSvg } from './qr-code.ts'
import {
  confirmEnrolment,
  deleteRecoveryCodes,
  deleteTotp,
  findAddress,
  findEnrolment,
  insertEnrolment,
  replaceRecoveryCodes,
  updateTotpFlag,
} from './queries.ts'
import { codeKeys } from './reauthentication.ts'
import { hashRecoveryCode, mintRecoveryCodes, readRecoveryCode } from './recovery-codes.ts'
import { mintTotpSecret, totpUri } from './totp.ts'

export type Enrolment = { secret: string; otpauthUri: string; qrSvg: string }

/**
 * Makes a secret for an authenticator app and replaces an unconfirmed one. It is no factor before it is confirmed.
 * @throws AppError `already-exists` where a confirmed one exists, which must be removed first; those of requireStrongSignIn
 */
export async function beginTotp(deps: MfaDeps, actor: Actor): Promise<Enrolment> {
  const { accountId } = actor.principal
  const secret = await mintTotpSecret()
  const id = Bun.randomUUIDv7()
  const encrypted = deps.secrets.encrypt(secret, secretPlace(id))
  const email = await deps.sql.begin(async (tx) => {
    await requireStrongSignIn(tx, actor.principal)
    if (!(await insertEnrolment(tx, { id, accountId, secret: encrypted })))
      throw new AppError('already-exists', { members: { field: 'totp' } })
    await deps.audit.record(tx, actor, 'totp.begin', entity(accountId))
    return findAddress(tx, accountId)
  })
  const otpauthUri = await totpUri(secret, deps.config.brand.name, email)
  return { secret, otpauthUri, qrSvg: await toQrSvg(otpauthUri) }
}

/** A reserved attempt of a code; `enrolmentId` null: nothing waits to be confirmed, or all its attempts are used. */
export type EnrolmentAttempt = { reservation: Reservation; enrolmentId: string | null }

/** Reserves an attempt to confirm an authenticator app. @throws AppError `account-locked`, `rate-limited` */
export async function reserveConfirmation(deps: MfaDeps, actor: Actor): Promise<EnrolmentAttempt> {
  const { accountId } = actor.principal
  const attemptId = Bun.randomUUIDv7()
  const row = await reserveEnrolmentCode(deps.sql, { ...codeKeys(deps, actor), accountId, attemptId })
  return { reservation: toReservation(row, attemptId), enrolmentId: row.enrolmentId }
}

/**
 * Confirms an authenticator app by one of its codes: from now on sign-ins ask for it. This session becomes `aal2`, the others end.
 * @returns ten new recovery codes, which replace all others and are not shown again
 * @throws AppError `invalid-code`, `not-found` where nothing waits to be confirmed: a secret is void after five attempts or an hour
 */
export async function confirmTotp(
  deps: MfaDeps,
  actor: Actor,
  code: string,
  { reservation, enrolmentId }: EnrolmentAttempt,
): Promise<string[]> {
  const { principal } = actor
  const { accountId } = principal
  const sessionId = sessionOf(principal)
  const codes = mintRecoveryCodes()
  await deps.sql.begin(async (tx) => {
    await requireStrongSignIn(tx, principal)
    const enrolment = enrolmentId === null ? null : await findEnrolment(tx, accountId, enrolmentId)
    if (!enrolment)
      throw new AppError('not-found', { detail: 'Nothing waits to be confirmed. Begin with POST /v1/me/mfa/totp.' })
    const presented = readCode(code)
    const step = presented.kind === 'totp' ? await verifyCode(deps, enrolment, presented.digits) : null
    if (step === null) throw new AppError('invalid-code')
    if (!(await confirmEnrolment(tx, enrolment.id, step))) throw new AppError('not-found')
    await updateTotpFlag(tx, accountId, true)
    await replaceRecoveryCodes(tx, accountId, codes.map(toHash))
    await clearCounter(tx, reservation)
    await raiseSession(tx, { accountId, sessionId, amr: ['otp'] })
    await recordAuthzChange(tx, { accountId, endSessions: { except: sessionId }, reason: 'second-factor' })
    await deps.audit.record(tx, actor, 'totp.confirm', entity(accountId))
    await deps.mail.notify(tx, accountId, 'sign-in-method-added', { method: 'totp' })
  })
  return codes
}

/** Removes the authenticator app; with the last second factor the recovery codes are deleted too. @throws AppError `not-found` */
export async function removeTotp(deps: MfaDeps, actor: Actor): Promise<void> {
  const { accountId } = actor.principal
  await deps.sql.begin(async (tx) => {
    await requireStrongSignIn(tx, actor.principal)
    const removed = await deleteTotp(tx, accountId, null)
    if (removed === 0) throw new AppError('not-found')
    const hasOthers = await updateTotpFlag(tx, accountId, false)
    if (!hasOthers) await deleteRecoveryCodes(tx, accountId, null)
    await deps.audit.record(tx, actor, 'totp.remove', entity(accountId))
    await deps.mail.notify(tx, accountId, 'sign-in-method-removed', { method: 'totp' })
  })
}

/** Makes ten new recovery codes, which replace all others and are not shown again. @throws AppError `no-second-factor` */
export async function renewRecoveryCodes(deps: MfaDeps, actor: Actor): Promise<string[]> {
  const { accountId } = actor.principal
  const codes = mintRecoveryCodes()
  await deps.sql.begin(async (tx) => {
    const secondFactors = await requireStrongSignIn(tx, actor.principal)
    if (secondFactors.length === 0) throw new AppError('no-second-factor')
    await replaceRecoveryCodes(tx, accountId, codes.map(toHash))
    await deps.audit.record(tx, actor, 'recovery_codes.renew', entity(accountId))
    await deps.mail.notify(tx, accountId, 'sign-in-method-added', { method: 'recovery-codes' })
  })
  return codes
}

/** The hash of a code in the form in which it is shown. */
const toHash = (code: string): Buffer => hashRecoveryCode(readRecoveryCode(code) ?? '')
