import { consumeLink } from '../account-links/links.ts'
import { type Actor, account as entity, type Origin } from '../audit/actor.ts'
import type { AuthDeps } from '../auth/deps.ts'
import { AppError } from '../errors/app-error.ts'
import { markVerified } from './queries.ts'

/**
 * Marks the address of an account as verified, by the link of a mail. Nothing of the account is removed: the link says
 * that whoever reads the mailbox made the account and chose its password
 * (docs/decisions/verifying-keeps-the-password.md).
 * @throws AppError `invalid-link`, also for an account that is not active or has another address now
 */
export async function verifyEmail(deps: AuthDeps, actor: Actor<null, Origin>, token: string): Promise<void> {
  await deps.sql.begin(async (tx) => {
    const { accountId, email, account } = await consumeLink(tx, 'verify-email', token)
    if (account.status !== 'active' || account.email !== email) throw new AppError('invalid-link')
    await markVerified(tx, accountId)
    await deps.audit.record(tx, actor, 'email.verify', entity(accountId))
  })
}
