import { authoriseOver, authoriseSelf } from '../access/hierarchy.ts'
import type { Principal } from '../access/principal.ts'
import { type Client, record } from '../audit/record.ts'
import { requireOwnPassword } from '../auth/password-change.ts'
import { requireStillSignedIn } from '../auth/sessions.ts'
import { leaveTraces } from '../auth/traces.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors/app-error.ts'
import { anonymiseAccount, deleteCounters, deleteRowsOf, eraseAuditTraces } from './erasure-queries.ts'
import { personalData } from './personal-data.ts'

/** From this privilege on a person must be demoted before they erase themself. */
const demoteFrom = 90

/**
 * Erases the person's own account, for good (GDPR 17). @throws AppError `invalid-credentials`, `account-locked`,
 *   `last-superadmin`, `demote-first`
 */
export async function eraseSelf(
  deps: Deps,
  principal: Principal,
  password: string,
  client: Client,
  signal?: AbortSignal,
): Promise<void> {
  const passwordVersion = await requireOwnPassword(deps, principal, password, client, signal)
  await deps.sql.begin(async (tx) => {
    await requireStillSignedIn(tx, principal, passwordVersion)
    const account = await authoriseSelf(tx, principal)
    // Judged on the locked row. Somebody must have seen to it that an administrator goes.
    if (account.rank >= demoteFrom) throw new AppError('demote-first')
    await erase(tx, deps, principal.accountId, account.id, account.email)
  })
}

/** An administrator's erasure of somebody else. @throws AppError as authoriseOver */
export async function eraseOther(deps: Deps, actor: Principal, accountId: string, client: Client): Promise<void> {
  await deps.sql.begin(async (tx) => {
    const { target } = await authoriseOver(tx, actor, accountId, 'users.manage', { removes: true })
    await erase(tx, deps, actor.accountId, accountId, target.email, client)
  })
}

/** @param client where an administrator sat; of a person who erases themself it is what has just been erased */
async function erase(
  tx: Tx,
  deps: Deps,
  actorId: string,
  accountId: string,
  email: string | null,
  client?: Client,
): Promise<void> {
  await recordAuthzChange(tx, { accountId, endSessions: 'all', reason: 'erasure' })
  await anonymiseAccount(tx, accountId)
  // Not before: whoever counts for the account holds a part of its row's lock, and would be waited for in a circle.
  await leaveTraces(tx, accountId, deps.traceKeys(email ?? '')[0])
  for (const { table, erased } of personalData)
    if ('account' in erased) await deleteRowsOf(tx, table, erased.account, accountId)
  await eraseAuditTraces(tx, accountId)
  await deleteCounters(tx, [deps.counterKey('email', email ?? ''), deps.counterKey('password', accountId)])
  // A second row, for the state after it: deleted.
  await recordAuthzChange(tx, { accountId })
  const entry = { action: 'account.erase', actorId, entityType: 'account', entityId: accountId }
  await record(tx, deps.audit, { ...entry, ...(client && { client }) })
}
