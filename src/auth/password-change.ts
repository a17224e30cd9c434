import type { Actor } from '../access/actor.ts'
import { requireOwnFactor, requireRecentAt } from '../access/strength.ts'
import { endApiKeys } from '../api-keys/verifier.ts'
import { account } from '../audit/actor.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import { AppError, invalid } from '../errors/app-error.ts'
import type { AuthDeps } from './deps.ts'
import { recordFailedCheck } from './failed-checks.ts'
import { clearCounter, release, reserveOwnCheck } from './lockout.ts'
import { countPasswordCheck } from './password-checks.ts'
import { type Credentials, clearPassword, findCredentials, updatePassword } from './queries.ts'
import { requireGoodPassword } from './registration.ts'
import { sessionOf } from './sessions.ts'

type Input = { currentPassword?: string; newPassword: string; keepApiKeys?: boolean }

/**
 * Replaces the password and ends the other sessions and, unless `keepApiKeys`, the API keys. The new password voids the
 * device token, so the answer has a new one; an unknown device would be locked out by failures of others at the
 * address. Without `currentPassword` an account that has no password gets its first.
 * @throws AppError `invalid-credentials` (the session stays), `account-locked` after five wrong tries,
 *   `validation-failed`, `reauthentication-required` for a first password, `mfa-required` where the account has a
 *   second factor
 */
export async function changePassword(
  deps: AuthDeps,
  actor: Actor,
  { currentPassword, newPassword, keepApiKeys = false }: Input,
  signal?: AbortSignal,
): Promise<{ deviceToken: string }> {
  const { accountId } = actor.principal
  const sessionId = sessionOf(actor.principal)
  const credentials = await findCredentials(deps.sql, accountId)
  if (!credentials) throw new AppError('account-disabled')
  if (currentPassword === undefined) requireFirst(deps, actor, credentials)
  requireGoodPassword(deps, newPassword, credentials, 'newPassword')
  if (currentPassword !== undefined) {
    await requireOwnPassword(deps, actor, currentPassword, signal)
    if (newPassword.normalize('NFKC') === currentPassword.normalize('NFKC'))
      throw invalid('newPassword', 'Choose a password that differs from the current one.', 'unchanged')
  }
  const hash = await deps.passwords.hash(newPassword, signal)
  await deps.sql.begin(async (tx) => {
    // This statement locks the row: a concurrent log-in has committed its session by now, or will be refused.
    const updated = await updatePassword(tx, accountId, credentials.passwordVersion, hash)
    if (!updated) throw new AppError('invalid-credentials')
    requireOwnFactor(actor.principal, updated.secondFactors)
    const apiKeysEnded = keepApiKeys ? [] : await endApiKeys(tx, accountId)
    await recordAuthzChange(tx, { accountId, endSessions: { except: sessionId }, reason: 'password-change' })
    await deps.audit.record(tx, actor, 'password.change', account(accountId), { details: { apiKeysEnded } })
    await deps.mail.notify(tx, accountId, 'password-changed', { ip: actor.origin.ip })
  })
  return { deviceToken: deps.deviceTokens.issue(accountId, credentials.passwordVersion + 1, sessionId) }
}

/** A first password adds a sign-in method, so it needs a recent sign-in. An account that has a password must send it. */
function requireFirst({ now }: AuthDeps, { principal }: Actor, { passwordHash }: Credentials): void {
  if (passwordHash !== null) throw invalid('currentPassword', 'This is required.', 'invalid-type')
  requireRecentAt(principal, now())
}

/**
 * Removes the account's password, which also voids its device tokens. The transaction has locked the account's row.
 * @returns how many passwords were removed: 0 or 1
 */
export function removePassword(tx: Tx, accountId: string): Promise<number> {
  return clearPassword(tx, accountId)
}

/**
 * Verifies the password of a signed-in person; failures are counted by account.
 * @returns the version of the verified password, for `requireStillSignedIn`
 * @throws AppError `invalid-credentials`, `account-locked`, `rate-limited`, `overloaded`, `service-unavailable`
 */
export async function requireOwnPassword(
  deps: AuthDeps,
  { principal: { accountId }, origin }: Actor,
  password: string,
  signal?: AbortSignal,
): Promise<number> {
  const reservation = await reserveOwnCheck(deps, accountId)
  let right: boolean
  let credentials: Credentials | null
  try {
    await countPasswordCheck(deps, 'account', accountId)
    credentials = await findCredentials(deps.sql, accountId)
    right = await deps.passwords.verify(credentials?.passwordHash ?? null, password, signal)
    if (right) await clearCounter(deps.sql, reservation)
  } catch (error) {
    await release(deps, reservation)
    throw error
  }
  if (right && credentials) return credentials.passwordVersion
  await recordFailedCheck(deps, origin, reservation, accountId)
  throw new AppError('invalid-credentials')
}
