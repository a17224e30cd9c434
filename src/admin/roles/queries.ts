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

/** Roles by level and name, at most `limit` of them. @param after level and name of the last role of the page before */
export async function listRoles(sql: Db, limit: number, after: [number, string] | null): Promise<RoleItem[]> {
  return sql<RoleItem[]>`
    select ${columns(sql)} from roles r ${after ? sql`where (privilege_level, name::text) > (${after[0]}::bigint, ${after[1]})` : sql``}
     order by privilege_level, name::text limit ${limit}`
}

/** A role with its permissions; null where there is none. Locks nothing. */
export async function findRoleItem(sql: Db, name: string): Promise<RoleItem | null> {
  const [row] = await sql<RoleItem[]>`select ${columns(sql)} from roles r where name = ${name}`
  return row ?? null
}

/** Inserts a role without permissions. The primary key refuses a taken name. */
export async function insertRole(
  sql: Db,
  role: { name: string; description: string; privilegeLevel: number },
): Promise<void> {
  await sql`insert into roles ${sql(role, 'name', 'description', 'privilegeLevel')}`
}

/** Writes description, level and retirement of a role. The caller has locked it. */
export async function updateRole(
  sql: Db,
  name: string,
  role: { description: string; privilegeLevel: number; retired: boolean },
): Promise<void> {
  await sql`
    update roles set description = ${role.description}, privilege_level = ${role.privilegeLevel},
           retired_at = case when ${role.retired} then coalesce(retired_at, clock_timestamp()) end where name = ${name}`
}

/** Deletes a role. A foreign key refuses one that accounts have. */
export async function deleteRole(sql: Db, name: string): Promise<void> {
  await sql`delete from roles where name = ${name}`
}

/** Replaces the permissions of a role. The caller has locked it. */
export async function replacePermissions(sql: Db, role: string, permissions: string[]): Promise<void> {
  await sql`delete from role_permissions where role = ${role} and permission <> all(${permissions}::text[])`
  await sql`insert into role_permissions (role, permission) select ${role}, unnest(${permissions}::text[]) on conflict do nothing`
}

/** Locks a role's row for an edit. */
export async function lockRole(sql: Db, name: string): Promise<void> {
  await sql`select 1 from roles where name = ${name} for update`
}
