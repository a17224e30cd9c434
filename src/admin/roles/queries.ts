import type { Db } from '../../db/types.ts'

export type RoleItem = {
  name: string
  description: string
  privilegeLevel: number
  permissions: string[]
  seeded: boolean
  retired: boolean
}

const columns = (sql: Db) => sql`name, description, privilege_level, seeded, retired_at is not null as retired,
  array(select permission::text collate "C" from role_permissions where role = r.name order by 1) as permissions`

export async function listRoles(sql: Db, limit: number, after: [number, string] | null): Promise<RoleItem[]> {
  return sql<RoleItem[]>`
    select ${columns(sql)} from roles r ${after ? sql`where (privilege_level, name::text) > (${after[0]}::bigint, ${after[1]})` : sql``}
     order by privilege_level, name::text limit ${limit}`
}

export async function findRoleItem(sql: Db, name: string): Promise<RoleItem | null> {
  const [row] = await sql<RoleItem[]>`select ${columns(sql)} from roles r where name = ${name}`
  return row ?? null
}

export async function insertRole(
  sql: Db,
  role: { name: string; description: string; privilegeLevel: number },
): Promise<void> {
  await sql`insert into roles ${sql(role, 'name', 'description', 'privilegeLevel')}`
}

export async function updateRole(
  sql: Db,
  name: string,
  role: { description: string; privilegeLevel: number; retired: boolean },
): Promise<void> {
  await sql`
    update roles set description = ${role.description}, privilege_level = ${role.privilegeLevel},
           retired_at = case when ${role.retired} then coalesce(retired_at, clock_timestamp()) end where name = ${name}`
}

export async function deleteRole(sql: Db, name: string): Promise<void> {
  await sql`delete from roles where name = ${name}`
}

export async function replacePermissions(sql: Db, role: string, permissions: string[]): Promise<void> {
  await sql`delete from role_permissions where role = ${role} and permission <> all(${permissions}::text[])`
  await sql`insert into role_permissions (role, permission) select ${role}, unnest(${permissions}::text[]) on conflict do nothing`
}

/** Locks a role's row for an edit. */
export async function lockRole(sql: Db, name: string): Promise<void> {
  await sql`select 1 from roles where name = ${name} for update`
}
