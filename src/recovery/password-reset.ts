import { consumeLink, peekLink } from '../account-links/links.ts'
import { endApiKeys } from '../api-keys/verifier.ts'
import { type Actor, account as entity, type Origin } from '../audit/actor.ts'
import type { AuthDeps } from '../auth/deps.ts'
import { requireGoodPassword } from '../auth/registration.ts'
import { recordAuthzChange } from '../changes/record.ts'
import { AppError } from '../errors/app-error.ts'
import { deleteCounters, updatePassword } from './queries.ts'
import { removeSignInMethods } from './removal.ts'
import type { PasswordReset } from './schemas.ts'

/**
 * Sets a new password by the link of a mail. All sessions and API keys end, device tokens become void, the lockout is
 * cleared, and the address counts as verified. Where it was not verified before, the account may have been somebody
 * else's: every other sign-in method is removed too.
 * @throws AppError `invalid-link`, also for an account that is not active; `validation-failed` (the link stays),
 *   `overloaded`
 */
export async function resetPassword(
  deps: AuthDeps,
  actor: Actor<null, Origin>,
  { token, newPassword }: PasswordReset,
  signal?: AbortSignal,
): Promise<void> {
  requireGoodPassword(deps, newPassword, await peekLink(deps.sql, 'reset-password', token), 'newPassword')
  const hash = await deps.passwords.hash(newPassword, signal)
  await deps.sql.begin(async (tx) => {
    const { accountId, email, account } = await consumeLink(tx, 'reset-password', token)
    // A link to an address that the account gave up proves nothing.
    if (account.status !== 'active' || account.email !== email) throw new AppError('invalid-link')
    const removed = account.emailVerified ? undefined : await removeSignInMethods(tx, accountId, null)
    const apiKeys = await endApiKeys(tx, accountId)
    await updatePassword(tx, accountId, hash)
    await deleteCounters(tx, [deps.counterKey('email', email), deps.counterKey('password', accountId)])
    await recordAuthzChange(tx, { accountId, endSessions: 'all', reason: 'password-reset' })
    const details = { firstProof: !account.emailVerified, apiKeysEnded: apiKeys, ...(removed && { removed }) }
    await deps.audit.record(tx, actor, 'password.reset', entity(accountId), { details })
    await deps.mail.notify(tx, accountId, 'password-reset', { ip: actor.origin.ip })
  })
}
