import type { Actor } from '../../access/actor.ts'
import { requireBelow, superadmin } from '../../access/hierarchy.ts'
import type { LockedAccount } from '../../access/hierarchy-queries.ts'
import { role as entity } from '../../audit/actor.ts'
import type { Permission } from '../../catalogue/catalogue.ts'
import { isForeignKeyViolation, isUniqueViolation } from '../../db/database.ts'
import type { Db, Tx } from '../../db/types.ts'
import { AppError, invalid } from '../../errors/app-error.ts'
import { etagOf } from '../../http/etag.ts'
import type { Slice } from '../../http/output/page.ts'
import type { Precondition } from '../../http/precondition.ts'
import { changeCatalogue } from '../change-catalogue.ts'
import type { AdminDeps } from '../deps.ts'
import {
  deleteRole,
  findRoleItem,
  insertRole,
  listRoles,
  lockRole,
  type RoleItem,
  replacePermissions,
  updateRole,
} from './queries.ts'

const permission = 'settings.manage'

export type NewRole = { name: string; description: string; privilegeLevel: number; permissions?: string[] }
export type RoleEdit = { description?: string; privilegeLevel?: number; retired?: boolean }

/** Roles by level and name. */
export function readRoles(deps: AdminDeps, { limit, after }: Slice<[number, string]>): Promise<RoleItem[]> {
  return listRoles(deps.sql, limit, after)
}

/** Permissions by name. */
export function readPermissions({ catalogue }: AdminDeps, { limit, after }: Slice<[string]>): Permission[] {
  const all = [...catalogue.current.permissions.values()]
  return all.filter(({ name }) => after === null || name > after[0]).slice(0, limit)
}

/** A role. @throws AppError `not-found` */
export async function readRole({ sql }: { sql: Db }, name: string): Promise<RoleItem> {
  const role = await findRoleItem(sql, name)
  if (!role) throw new AppError('not-found')
  return role
}

/**
 * Makes a role below the actor's level, with permissions that the actor holds.
 * @throws AppError `already-exists`, `privilege-escalation`
 */
export async function createRole(deps: AdminDeps, actor: Actor, role: NewRole): Promise<RoleItem> {
  const permissions = requirePermissions(deps, role.permissions ?? [])
  try {
    return await edit(deps, actor, role.name, async (tx, authority) => {
      requireBelow(authority, { ...role, permissions })
      await insertRole(tx, role)
      await replacePermissions(tx, role.name, permissions)
      const details = { privilegeLevel: role.privilegeLevel, permissions }
      await deps.audit.record(tx, actor, 'role.create', entity(role.name), { details })
    })
  } catch (error) {
    if (isUniqueViolation(error, 'roles_pkey'))
      throw new AppError('already-exists', { members: { field: 'name' }, cause: error })
    throw error
  }
}

/**
 * Changes description, level or retirement of a role.
 * @throws AppError `not-found`, `privilege-escalation` (old or new level), `changed-meanwhile`, `seeded`
 */
export async function changeRole(
  deps: AdminDeps,
  actor: Actor,
  name: string,
  change: RoleEdit,
  precondition: Precondition | null = null,
): Promise<RoleItem> {
  return edit(deps, actor, name, async (tx, authority) => {
    const role = await openRole(tx, authority, name)
    const changed = {
      ...role,
      ...Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined)),
    }
    requireBelow(authority, changed)
    precondition?.(tagOfRole(role))
    if (role.seeded && (changed.privilegeLevel !== role.privilegeLevel || changed.retired)) throw new AppError('seeded')
    if (Bun.deepEquals(role, changed)) return 'unchanged'
    await updateRole(tx, name, changed)
    await deps.audit.record(tx, actor, 'role.update', entity(name), { details: { ...change } })
  })
}

/**
 * Sets the permissions of a role; it reaches every token at its next request.
 * @throws AppError `not-found`, `privilege-escalation`, `changed-meanwhile`; `seeded` for a superadmin without one of
 *   the permissions, which nobody could give back
 */
export async function setPermissions(
  deps: AdminDeps,
  actor: Actor,
  name: string,
  requested: string[],
  precondition: Precondition | null = null,
): Promise<RoleItem> {
  const permissions = requirePermissions(deps, requested)
  return edit(deps, actor, name, async (tx, authority) => {
    const role = await openRole(tx, authority, name)
    requireBelow(authority, { ...role, permissions })
    precondition?.(tagOfRole(role))
    if (name === superadmin && role.permissions.some((held) => !permissions.includes(held)))
      throw new AppError('seeded', { detail: 'The superadmin role keeps its permissions.' })
    if (Bun.deepEquals(role.permissions, permissions)) return 'unchanged'
    await replacePermissions(tx, name, permissions)
    const details = { from: role.permissions, to: permissions }
    await deps.audit.record(tx, actor, 'role.set_permissions', entity(name), { details })
  })
}

/** Deletes a role that no account has. @throws AppError `not-found`, `seeded`, `in-use`, `privilege-escalation` */
export async function removeRole(deps: AdminDeps, actor: Actor, name: string): Promise<void> {
  try {
    await changeCatalogue(deps, actor, {
      permission,
      async write(tx, authority) {
        const role = await openRole(tx, authority, name)
        if (role.seeded) throw new AppError('seeded')
        await deleteRole(tx, name)
        await deps.audit.record(tx, actor, 'role.delete', entity(name))
      },
      answer: () => undefined,
    })
  } catch (error) {
    if (isForeignKeyViolation(error, 'user_accounts_role_fkey')) throw new AppError('in-use', { cause: error })
    throw error
  }
}

/** The ETag of a role. */
export function tagOfRole({ name, description, privilegeLevel, permissions, seeded, retired }: RoleItem): string {
  return etagOf(JSON.stringify([name, description, privilegeLevel, permissions, seeded, retired]))
}

/** Edits one role. The answer is the role after the edit. */
function edit(
  deps: AdminDeps,
  actor: Actor,
  name: string,
  write: (tx: Tx, authority: LockedAccount) => Promise<'unchanged' | undefined>,
): Promise<RoleItem> {
  return changeCatalogue(deps, actor, { permission, write, answer: (_, tx) => readRole({ sql: tx }, name) })
}

async function openRole(tx: Tx, authority: LockedAccount, name: string): Promise<RoleItem> {
  await lockRole(tx, name)
  const role = await findRoleItem(tx, name)
  if (!role) throw new AppError('not-found')
  requireBelow(authority, role)
  return role
}

/** The permissions sorted, without repetitions. @throws AppError `validation-failed` for one that does not exist */
export function requirePermissions(deps: Pick<AdminDeps, 'catalogue'>, requested: string[]): string[] {
  const unknown = requested.findIndex((name) => !deps.catalogue.current.permissions.has(name))
  if (unknown !== -1)
    throw invalid(`permissions.${unknown}`, `There is no permission "${requested[unknown]}".`, 'unknown')
  return [...new Set(requested)].sort()
}
