import type { Actor } from '../access/actor.ts'
import type { AuthMethod } from '../access/strength.ts'
import { session as entity } from '../audit/actor.ts'
import { clearCounter } from '../auth/lockout.ts'
import { requireOwnPassword } from '../auth/password-change.ts'
import type { Reservation } from '../auth/reservation.ts'
import { raiseSession, signAgain } from '../auth/session-strength.ts'
import { requireStillSignedIn, sessionOf } from '../auth/sessions.ts'
import type { Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import { usePasskey, verifyPasskey } from '../passkeys/assertion.ts'
import { countPasskeys } from '../passkeys/manage.ts'
import { passkeyRequestOptions } from '../passkeys/options.ts'
import type { PasskeyResponse, RequestOptions } from '../passkeys/schemas.ts'
import { type CodeProof, toProof, toReservation, withCodeAttempt } from './code-attempts.ts'
import type { MfaDeps } from './deps.ts'
import { reserveOwnCode } from './own-code-queries.ts'
import { readCode } from './presented-code.ts'
import { consumeStep, takeRecoveryCode } from './queries.ts'

type Renewed = { accessToken: string; expiresIn: number }

/**
 * Reauthenticates a session by the password: `auth_time` becomes now (RFC 9470).
 * @throws AppError as requireOwnPassword and requireStillSignedIn
 */
export async function reauthenticateByPassword(
  deps: MfaDeps,
  actor: Actor,
  password: string,
  signal?: AbortSignal,
): Promise<Renewed> {
  const passwordVersion = await requireOwnPassword(deps, actor, password, signal)
  return deps.sql.begin(async (tx) => {
    await requireStillSignedIn(tx, actor.principal, passwordVersion)
    return renew(deps, tx, actor, ['pwd'])
  })
}

/**
 * Reauthenticates by a code, which makes the session `aal2`. Wrong codes count for the session's device, as at log-in.
 * @throws AppError `invalid-code`, `account-locked`, `rate-limited`
 */
export async function reauthenticateByCode(deps: MfaDeps, actor: Actor, code: string): Promise<Renewed> {
  const { principal, origin } = actor
  const { accountId } = principal
  const attemptId = Bun.randomUUIDv7()
  const row = await reserveOwnCode(deps.sql, { ...codeKeys(deps, actor), accountId, attemptId })
  const reservation = toReservation(row, attemptId)
  return withCodeAttempt(deps, origin, { accountId, reservation }, async () => {
    const { totpId, totpSecret } = row
    const totp = totpId !== null && totpSecret !== null ? { id: totpId, secret: totpSecret } : null
    const proof = await toProof(deps, readCode(code), totp)
    if (!proof) throw new AppError('invalid-code')
    return deps.sql.begin(async (tx) => {
      await requireStillSignedIn(tx, principal)
      await useUp(deps, tx, accountId, proof, reservation)
      return renew(deps, tx, actor, ['otp'])
    })
  })
}

/**
 * Reauthenticates by a passkey, in a response to `reauthenticationOptions`.
 * @throws AppError `invalid-passkey`
 */
export async function reauthenticateByPasskey(deps: MfaDeps, actor: Actor, passkey: PasskeyResponse): Promise<Renewed> {
  const verified = await verifyPasskey(deps, actor.origin, bindingOf(actor), passkey)
  return deps.sql.begin(async (tx) => {
    await requireStillSignedIn(tx, actor.principal)
    if (!(await usePasskey(tx, verified))) throw new AppError('invalid-passkey')
    return renew(deps, tx, actor, verified.amr)
  })
}

/** WebAuthn request options to reauthenticate by a passkey of the account. @throws AppError `no-second-factor` */
export async function reauthenticationOptions(deps: MfaDeps, actor: Actor): Promise<RequestOptions> {
  if ((await countPasskeys(deps.sql, actor.principal.accountId)) === 0) throw new AppError('no-second-factor')
  return passkeyRequestOptions(deps, bindingOf(actor))
}

/** Binds a passkey's response to this session. */
const bindingOf = ({ principal }: Actor) =>
  ({ purpose: 'reauthenticate', accountId: principal.accountId, boundTo: sessionOf(principal) }) as const

/** The counters of wrong codes of a signed-in person: the session's id is the device's id. */
export function codeKeys(deps: Pick<MfaDeps, 'counterKey'>, { principal }: Actor) {
  return {
    accountKey: deps.counterKey('code', principal.accountId),
    deviceKey: deps.counterKey('code-device', sessionOf(principal)),
  }
}

/** Uses a code up. @throws AppError `invalid-code` where it is wrong or was used */
async function useUp(
  deps: MfaDeps,
  tx: Tx,
  accountId: string,
  proof: CodeProof,
  reservation: Reservation,
): Promise<void> {
  if (proof.kind === 'totp') {
    if (!(await consumeStep(tx, proof.totpId, proof.step))) throw new AppError('invalid-code')
  } else {
    const codesLeft = await takeRecoveryCode(tx, accountId, proof.hash)
    if (codesLeft === null) throw new AppError('invalid-code')
    await deps.mail.notify(tx, accountId, 'recovery-code-used', { codesLeft })
  }
  await clearCounter(tx, reservation)
}

async function renew(deps: MfaDeps, tx: Tx, actor: Actor, shown: readonly AuthMethod[]): Promise<Renewed> {
  const { accountId } = actor.principal
  const sessionId = sessionOf(actor.principal)
  await raiseSession(tx, { accountId, sessionId, amr: shown })
  await deps.audit.record(tx, actor, 'session.reauthenticate', entity(sessionId), { details: { by: shown[0] } })
  return signAgain(deps, tx, { accountId, sessionId })
}
