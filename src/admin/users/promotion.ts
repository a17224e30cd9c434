import { lockAccount, superadmin } from '../../access/hierarchy.ts'
import { account as entity, operator } from '../../audit/actor.ts'
import { recordAuthzChange } from '../../changes/record.ts'
import type { AdminDeps } from '../deps.ts'
import { findRoleHolder, type RoleHolder, updateRole } from './queries.ts'

/** The account of an address with its role, for the command line. */
export function describeAccount({ sql }: Pick<AdminDeps, 'sql'>, email: string): Promise<RoleHolder | null> {
  return findRoleHolder(sql, email)
}

/**
 * Gives the account of an address the role superadmin. Only the command line calls this; its user holds the database's
 * password, so no check of the service could stop them.
 * @returns the role before, or null where no account has the address; a superadmin is left unchanged
 */
export async function promote(
  deps: Pick<AdminDeps, 'sql' | 'audit' | 'mail'>,
  email: string,
): Promise<{ from: string; status: RoleHolder['status'] } | null> {
  return deps.sql.begin(async (tx) => {
    const found = await findRoleHolder(tx, email)
    if (!found) return null
    await lockAccount(tx, found.id)
    // Read again under the lock: the role, or the address itself, may have been changed meanwhile.
    const account = await findRoleHolder(tx, email)
    if (account?.id !== found.id) return null
    const { id, role: from, status } = account
    if (from === superadmin) return { from, status }
    await updateRole(tx, id, superadmin, null)
    await recordAuthzChange(tx, { accountId: id })
    const details = { from, to: superadmin, by: 'command-line' }
    await deps.audit.record(tx, operator, 'account.change_role', entity(id), { details })
    await deps.mail.notify(tx, id, 'role-raised', { role: superadmin })
    return { from, status }
  })
}
