import type { Db } from '../db.ts'

export type LockedAccount = {
  id: string
  email: string | null
  status: 'active' | 'locked' | 'deleted'
  role: string
  privilegeLevel: number
  permissions: string[]
}

/**
 * Locks accounts in the order of their ids, so that two administrators never wait for each other in a circle, and their
 * roles against edits. The superadmin's role cannot be edited, and is locked by those who remove one.
 */
export async function lockAccounts(sql: Db, ids: string[]): Promise<LockedAccount[]> {
  await lockRows(sql, ids)
  await sql`
    select 1 from roles where name <> 'superadmin' and name in (select role from user_accounts where id = any(${ids}::uuid[]))
     order by name for share`
  // Read in a statement of its own: its snapshot shows what was committed while the locks were waited for.
  return sql<LockedAccount[]>`
    select a.id, a.email, a.status, a.role, r.privilege_level,
           array(select permission::text from role_permissions where role = a.role) as permissions
      from user_accounts a join roles r on r.name = a.role
     where a.id = any(${ids}::uuid[]) order by a.id`
}

export async function lockRows(sql: Db, ids: string[]): Promise<void> {
  await sql`select 1 from user_accounts where id = any(${ids}::uuid[]) order by id for no key update`
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
