import type { Actor } from '../../access/actor.ts'
import { authoriseOver, lockAccount } from '../../access/hierarchy.ts'
import { type Actor as AuditActor, account, operator } from '../../audit/actor.ts'
import type { AuditMore } from '../../audit/record.ts'
import { clearLockouts } from '../../auth/lockout.ts'
import { recordAuthzChange } from '../../changes/record.ts'
import type { Tx } from '../../db/types.ts'
import type { SignInMethod } from '../../mail/templates/notice-data.ts'
import { eraseRecoveryCodes, eraseTotp } from '../../mfa/factors.ts'
import { removePasskeys } from '../../passkeys/manage.ts'
import type { AdminDeps } from '../deps.ts'
import { findRoleHolder } from './queries.ts'

/** The number of removed factors of each kind. */
type RemovedFactors = { authenticatorApps: number; recoveryCodes: number; passkeys: number }

/**
 * Removes all second factors of a person who lost them: ends all sessions and notifies the person. The next log-in
 * requires the password alone; an account without a password gets a link to set one by mail.
 * @throws AppError as authoriseOver
 */
export async function resetSecondFactors(
  deps: AdminDeps,
  actor: Actor,
  accountId: string,
  reason: string,
): Promise<void> {
  await deps.sql.begin(async (tx) => {
    await authoriseOver(tx, actor.principal, accountId, 'users.manage')
    await removeFactors(tx, deps, actor, accountId, { after: { reason } })
  })
}

/**
 * resetSecondFactors for the command line, where no administrator can sign in. @returns null where no account has the
 * address
 */
export async function resetSecondFactorsOf(deps: AdminDeps, email: string): Promise<RemovedFactors | null> {
  return deps.sql.begin(async (tx) => {
    const holder = await findRoleHolder(tx, email)
    if (!holder) return null
    await lockAccount(tx, holder.id)
    return removeFactors(tx, deps, operator, holder.id, { details: { by: 'command-line' } })
  })
}

/** Removes the factors, in a transaction that locked the account's row. */
async function removeFactors(
  tx: Tx,
  deps: AdminDeps,
  actor: AuditActor,
  accountId: string,
  { details, ...more }: AuditMore,
): Promise<RemovedFactors> {
  const removed: RemovedFactors = {
    authenticatorApps: await eraseTotp(tx, accountId, null),
    recoveryCodes: await eraseRecoveryCodes(tx, accountId, null),
    passkeys: await removePasskeys(tx, accountId, null),
  }
  await clearLockouts(tx, [deps.counterKey('code', accountId)])
  await recordAuthzChange(tx, { accountId, endSessions: 'all', reason: 'second-factor-reset' })
  await deps.audit.record(tx, actor, 'account.reset_mfa', account(accountId), {
    details: { ...details, removed },
    ...more,
  })
  for (const [kind, method] of Object.entries(methodOf) as [keyof RemovedFactors, SignInMethod][])
    if (removed[kind] > 0)
      await deps.mail.notify(tx, accountId, 'sign-in-method-removed', { method, byAdministrator: true })
  return removed
}

const methodOf: Record<keyof RemovedFactors, SignInMethod> = {
  authenticatorApps: 'totp',
  recoveryCodes: 'recovery-codes',
  passkeys: 'passkey',
}
