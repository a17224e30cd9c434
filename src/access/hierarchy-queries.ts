import type { Db, Tx } from '../db/types.ts'
import { type AuthzChange, authzChangeColumns } from './authz-change.ts'
import type { AccountStatus } from './rights.ts'

export type LockedAccount = {
  id: string
  email: string | null
  status: AccountStatus
  role: string
  plan: string
  /** The owner of the team whose plan it has; null: its own. */
  payerId: string | null
  /** The level of its role; a `subscriber` counts as a `user`, so that paying raises no rank. */
  rank: number
  permissions: string[]
}

/** Locks accounts as `lockAccountRows` does, and their roles against edits. Removing a superadmin locks that role's row elsewhere. */
export async function lockAccounts(tx: Tx, ids: string[]): Promise<LockedAccount[]> {
  await lockAccountRows(tx, ids)
  await tx`
    select 1 from roles where name <> 'superadmin' and name in (select role from user_accounts where id = any(${ids}::uuid[]))
     order by name for share`
  // A separate statement: its snapshot includes what was committed while this one waited for the locks.
  return tx<LockedAccount[]>`
    select a.id, a.email, a.status, a.role, a.plan, a.payer_id, rank_of(a.role, a.plan) as rank,
           array(select permission::text from role_permissions where role = a.role) as permissions
      from user_accounts a
     where a.id = any(${ids}::uuid[]) order by a.id`
}

/**
 * Locks what a change of plan of these accounts concerns: the teams that they own or are in, by id, then the accounts and the
 * members of the teams that they own, by id. It comes before any other lock of an account.
 */
export async function lockTeams(tx: Tx, ids: string[]): Promise<void> {
  await tx`select lock_teams(${ids}::uuid[])`
}

/**
 * Locks accounts in the order of their ids, which prevents deadlocks, and ends what has expired, so that the rows read next
 * are right by the clock.
 */
export async function lockAccountRows(tx: Tx, ids: string[]): Promise<void> {
  await tx`select 1 from user_accounts where id = any(${ids}::uuid[]) order by id for no key update`
  tx.committed.push(...(await endExpired(tx, ids)))
}

/** The rank of a role on a plan. */
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

/** A role, locked against deletion and edits for the rest of the transaction. */
export async function findRole(sql: Db, name: string): Promise<RoleRow | null> {
  await sql`select 1 from roles where name = ${name} for share`
  // A separate statement: the one that waited for the lock has an older snapshot of the permissions.
  const [row] = await sql<RoleRow[]>`
    select name, privilege_level, seeded, retired_at is not null as retired, description,
           array(select permission::text from role_permissions where role = r.name order by 1) as permissions
      from roles r where name = ${name}`
  return row ?? null
}

/** Sets the role of an account, whose row is locked. */
export async function updateRole(sql: Db, accountId: string, role: string): Promise<void> {
  await sql`update user_accounts set role = ${role} where id = ${accountId}`
}

/** Whether no other active superadmin would be left. Exact, because it locks the role's row as the database's trigger does. */
export async function isLastSuperadmin(sql: Db, accountId: string): Promise<boolean> {
  await sql`select 1 from roles where name = 'superadmin' for no key update`
  const rows =
    await sql`select 1 from user_accounts where role = 'superadmin' and status = 'active' and id <> ${accountId} limit 1`
  return rows.length === 0
}

/** Ends expired subscriptions and overrides of accounts whose rows are locked. @returns the changes made, for `tx.committed` */
async function endExpired(sql: Db, accountIds: string[]): Promise<AuthzChange[]> {
  return sql<AuthzChange[]>`
    select ${authzChangeColumns(sql)} from unnest(${accountIds}::uuid[]) settled (account) cross join lateral settle_standing(settled.account)`
}
