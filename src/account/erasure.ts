import type { Actor } from '../access/actor.ts'
import { authoriseOver, authoriseSelf, lockPlan, lockToErase } from '../access/hierarchy.ts'
import type { LockedAccount } from '../access/hierarchy-queries.ts'
import { administratorLevel } from '../access/privilege.ts'
import { type Actor as AuditActor, account, operator } from '../audit/actor.ts'
import { requireStillSignedIn } from '../auth/sessions.ts'
import { storeTraces } from '../auth/traces.ts'
import { releaseErased } from '../billing/release.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { MailData } from '../mail/templates/mail-data.ts'
import { releaseFromTeams } from '../teams/endings.ts'
import type { AccountDeps } from './deps.ts'
import {
  anonymiseAccount,
  deleteCounters,
  deleteRowsOf,
  eraseAuditTraces,
  findLanguage,
  type PastErasure,
  selectErasures,
  selectUnerased,
} from './erasure-queries.ts'
import { personalData } from './personal-data.ts'

/**
 * Erases the person's own account, for good (GDPR 17).
 * @param passwordVersion of the password that was given with the request and found right, where one was
 * @throws AppError as requireStillSignedIn; `last-superadmin`, `demote-first`
 */
export async function eraseSelf(deps: AccountDeps, actor: Actor, passwordVersion?: number): Promise<void> {
  const { principal } = actor
  await deps.sql.begin(async (tx) => {
    await lockPlan(tx, principal.accountId)
    await requireStillSignedIn(tx, principal, passwordVersion)
    const own = await authoriseSelf(tx, principal)
    // Checked on the locked row, so that a concurrent promotion is seen.
    // Another administrator must demote an administrator first.
    if (own.rank >= administratorLevel) throw new AppError('demote-first')
    // No origin: it would be personal data of an erased account.
    await erase(tx, deps, { principal, origin: null }, own, 'person')
  })
}

/** An administrator's erasure of another account. @throws AppError as authoriseOver */
export async function eraseOther(deps: AccountDeps, actor: Actor, accountId: string): Promise<void> {
  await deps.sql.begin(async (tx) => {
    const { target } = await authoriseOver(tx, actor.principal, accountId, 'users.manage', {
      removes: true,
      withTeam: true,
    })
    await erase(tx, deps, actor, target, 'administrator')
  })
}

/** The ids whose account exists and is not erased, without repetitions. */
export function findUnerased({ sql }: Pick<AccountDeps, 'sql'>, ids: string[]): Promise<string[]> {
  return selectUnerased(sql, ids)
}

/** The accounts that the whole audit trail records as erased since a moment, oldest first. */
export function listErasures({ sql }: Pick<AccountDeps, 'sql'>, since: Date): Promise<PastErasure[]> {
  return selectErasures(sql, since)
}

/**
 * Erases an account again after the database was restored to a moment before its erasure. No second mail is sent.
 * @returns false where the account does not exist or is erased
 * @throws AppError `last-superadmin`
 */
export function eraseAgain(deps: ErasureDeps & Pick<AccountDeps, 'sql'>, accountId: string): Promise<boolean> {
  return deps.sql.begin(async (tx) => {
    const target = await lockToErase(tx, accountId)
    if (!target) return false
    await erase(tx, deps, operator, target, null)
    return true
  })
}

/** Dependencies of every erasure. */
export type ErasureDeps = Pick<AccountDeps, 'audit' | 'mail' | 'now' | 'traceKeys' | 'counterKey'>

/** Erases an account whose invitation expired. Its row is locked. No mail is sent: the invitation announced this. */
export function eraseForgotten(tx: Tx, deps: ErasureDeps, target: LockedAccount): Promise<void> {
  return erase(tx, deps, operator, target, null)
}

/** Erases an inactive account after two notices. Its row is locked. The person gets a last mail. */
export function eraseInactive(tx: Tx, deps: ErasureDeps, target: LockedAccount): Promise<void> {
  return erase(tx, deps, operator, target, 'inactivity')
}

/** @param by the cause that the last mail names; null: no mail is sent */
async function erase(
  tx: Tx,
  deps: ErasureDeps,
  actor: AuditActor,
  target: LockedAccount,
  by: MailData['account-erased']['by'] | null,
): Promise<void> {
  const { id: accountId } = target
  const email = target.email ?? ''
  if (by !== null) await notifyErased(tx, deps, target, by)
  await recordAuthzChange(tx, { accountId, endSessions: 'all', reason: 'erasure' })
  await releaseErased(tx, accountId)
  await releaseFromTeams(tx, deps, target)
  await anonymiseAccount(tx, accountId)
  // After anonymising: counters hold a key-share lock on the account's row, and the other order could deadlock.
  await storeTraces(tx, accountId, deps.traceKeys(email)[0])
  for (const { table, erased } of personalData)
    if ('account' in erased) await deleteRowsOf(tx, table, erased.account, accountId)
  await eraseAuditTraces(tx, accountId)
  await deleteCounters(tx, [
    deps.counterKey('email', email),
    deps.counterKey('password', accountId),
    deps.counterKey('code', accountId),
  ])
  // A second change, with the final state: deleted.
  await recordAuthzChange(tx, { accountId })
  await deps.audit.record(tx, actor, 'account.erase', account(accountId))
}

/** Queues the last mail to the address. Its row names no account, and is deleted once the mail is sent. */
async function notifyErased(
  tx: Tx,
  deps: ErasureDeps,
  { id, email }: LockedAccount,
  by: MailData['account-erased']['by'],
): Promise<void> {
  if (email === null) return
  const language = await findLanguage(tx, id)
  const data = { at: new Date(deps.now()).toISOString(), by }
  await deps.mail.sendMail(tx, { accountId: null, to: email, language, template: 'account-erased', data })
}
