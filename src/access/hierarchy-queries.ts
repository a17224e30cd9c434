import type { Db, Tx } from '../db/types.ts'
import { type AuthzChange, authzChangeColumns } from './authz-change.ts'

export type LockedAccount = {
  id: string
  email: string | null
  status: 'active' | 'locked' | 'deleted'
  role: string
  plan: string
  /** The level of its role; a subscriber by a plan counts as a user, for paying moves no rank. */
  rank: number
  permissions: string[]
}

/** Locks accounts as `lockStandings` does, and their roles against edits. The superadmin's is locked by those who remove one. */
export async function lockAccounts(tx: Tx, ids: string[]): Promise<LockedAccount[]> {
  await lockStandings(tx, ids)
  await tx`
    select 1 from roles where name <> 'superadmin' and name in (select role from user_accounts where id = any(${ids}::uuid[]))
     order by name for share`
  // Read in a statement of its own: its snapshot shows what was committed while the locks were waited for.
  return tx<LockedAccount[]>`
    select a.id, a.email, a.status, a.role, a.plan, rank_of(a.role, a.plan) as rank,
           array(select permission::text from role_permissions where role = a.role) as permissions
      from user_accounts a
     where a.id = any(${ids}::uuid[]) order by a.id`
}

/**
 * Locks accounts in the order of their ids, so that two administrators never wait for each other in a circle, and settles
 * what has run out: whoever changes a standing, or judges by one, finds it as the clock has it.
 */
export async function lockStandings(tx: Tx, ids: string[]): Promise<void> {
  await tx`select 1 from user_accounts where id = any(${ids}::uuid[]) order by id for no key update`
  tx.committed.push(...(await settleStandings(tx, ids)))
}

/** The rank that a role gives to who is on a plan. */
export async function findRank(sql: Db, role: string, plan: string): Promise<number> {
  const [row] = await sql<{ rank: number }[]>`select rank_of(${role}, ${plan}) as rank`
  if (!row) throw new Error('a select without from is one row')
  return row.rank
}

export type RoleRow = {
  name: string
  privilegeLevel: number
  permissions: string[]
  seeded: boolean
  retired: boolean
  description: string
}

/** A role, held against deletion and edits for the rest of the transaction. */
export async function findRole(sql: Db, name: string): Promise<RoleRow | null> {
  await sql`select 1 from roles where name = ${name} for share`
  // A statement of its own: one that waited for the lock would still show the permissions of before.
  const [row] = await sql<RoleRow[]>`
    select name, privilege_level, seeded, retired_at is not null as retired, description,
           array(select permission::text from role_permissions where role = r.name order by 1) as permissions
      from roles r where name = ${name}`
  return row ?? null
}

/** Whether no other active superadmin would be left; exact, for the role's row is locked as the database's own guard does. */
export async function isLastSuperadmin(sql: Db, accountId: string): Promise<boolean> {
  await sql`select 1 from roles where name = 'superadmin' for no key update`
  const rows =
    await sql`select 1 from user_accounts where role = 'superadmin' and status = 'active' and id <> ${accountId} limit 1`
  return rows.length === 0
}

/** Ends what has run out of accounts whose rows are locked. @returns the changes that this made, for `tx.committed` */
async function settleStandings(sql: Db, accountIds: string[]): Promise<AuthzChange[]> {
  return sql<AuthzChange[]>`
    select ${authzChangeColumns(sql)} from unnest(${accountIds}::uuid[]) settled (account) cross join lateral settle_standing(settled.account)`
}
