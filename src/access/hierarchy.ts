import type { Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import {
  findRank,
  findRole,
  isLastSuperadmin,
  type LockedAccount,
  lockAccountRows,
  lockAccounts,
  lockTeams,
  type RoleRow,
  updateRole,
} from './hierarchy-queries.ts'
import { freePlan, roleOnPlan } from './lapse.ts'
import type { Principal } from './principal.ts'

/** The role that may act on anyone and grant anything. */
export const superadmin = 'superadmin'

/** An administrator and the account acted upon, both locked until the transaction ends. */
type Authority = { actor: LockedAccount; target: LockedAccount }

/**
 * Authority over another account, checked on locked rows (in id order), never from the token: an administrator who was
 * demoted a moment ago is refused. `removes`: the act would remove the target from the active superadmins; `withTeam`: it may
 * change the target's plan, or end its team.
 * @throws AppError in this order: `not-found`, `last-superadmin`, `account-disabled` or `permission-denied` (the actor's
 *   own rights are gone), `privilege-escalation`
 */
export async function authoriseOver(
  tx: Tx,
  { accountId }: Principal,
  targetId: string,
  permission: string,
  { removes = false, withTeam = false } = {},
): Promise<Authority> {
  if (withTeam) await lockTeams(tx, [accountId, targetId])
  const rows = await lockAccounts(tx, [accountId, targetId])
  const actor = rows.find(({ id }) => id === accountId)
  const target = rows.find(({ id }) => id === targetId)
  if (!target || target.status === 'deleted') throw new AppError('not-found')
  if (removes && target.role === superadmin && target.status === 'active' && (await isLastSuperadmin(tx, target.id)))
    throw new AppError('last-superadmin')
  const authority = requireAuthority(actor, permission)
  // Oneself is of equal rank, so this refuses acts on the own account.
  if (authority.role !== superadmin && target.rank >= authority.rank) throw new AppError('privilege-escalation')
  return { actor: authority, target }
}

/**
 * Checks the actor's permission on the actor's locked row, for an act on no other account.
 * @throws AppError as authoriseOver
 */
export async function authorise(tx: Tx, { accountId }: Principal, permission: string): Promise<LockedAccount> {
  const [actor] = await lockAccounts(tx, [accountId])
  return requireAuthority(actor, permission)
}

/**
 * Checks that the actor may give the target a role: below the actor's rank, with no permission that the actor lacks.
 * @throws AppError `validation-failed` for an unknown or retired role, `privilege-escalation`
 */
export async function requireGrantable(
  tx: Tx,
  { actor, target }: { actor: LockedAccount; target: Pick<LockedAccount, 'plan'> },
  roleName: string,
): Promise<RoleRow> {
  const role = await findRole(tx, roleName)
  if (!role || role.retired)
    throw new AppError('validation-failed', {
      errors: [{ path: 'role', message: `There is no role "${roleName}".`, code: 'unknown' }],
    })
  requireBelow(actor, { ...role, privilegeLevel: await findRank(tx, roleName, target.plan) })
  return role
}

/**
 * Checks that a role's level is below the actor's rank and its permissions are among the actor's.
 * @throws AppError `privilege-escalation`
 */
export function requireBelow(
  actor: LockedAccount,
  role: { privilegeLevel: number; permissions: readonly string[] },
): void {
  if (!isBelow(actor, role)) throw new AppError('privilege-escalation')
}

function isBelow(
  actor: LockedAccount,
  { privilegeLevel, permissions }: { privilegeLevel: number; permissions: readonly string[] },
): boolean {
  return (
    actor.role === superadmin ||
    (privilegeLevel < actor.rank && permissions.every((permission) => actor.permissions.includes(permission)))
  )
}

/**
 * Whether the grantor of a role on a plan may still grant both with `permission`. Their rows are locked.
 * @param grantor undefined: the account does not exist
 */
export async function mayStillGrant(
  tx: Tx,
  grantor: LockedAccount | undefined,
  permission: string,
  { role, plan }: { role: string; plan: string },
): Promise<boolean> {
  if (grantor?.status !== 'active' || !grantor.permissions.includes(permission)) return false
  const found = await findRole(tx, role)
  if (!found || found.retired) return false
  return isBelow(grantor, { ...found, privilegeLevel: await findRank(tx, role, plan) })
}

function requireAuthority(actor: LockedAccount | undefined, permission: string): LockedAccount {
  if (actor?.status !== 'active') throw new AppError('account-disabled')
  requireHeld(actor, permission)
  return actor
}

/** Checks a further permission on the actor's locked row. @throws AppError `permission-denied` */
export function requireHeld(actor: LockedAccount, permission: string): void {
  if (!actor.permissions.includes(permission))
    throw new AppError('permission-denied', { members: { requiredPermissions: [permission] } })
}

/**
 * Locks a person's own account before it is erased. `lockPlan` comes before it.
 * @throws AppError `account-disabled`, `last-superadmin`
 */
export async function authoriseSelf(tx: Tx, { accountId }: Principal): Promise<LockedAccount> {
  const [account] = await lockAccounts(tx, [accountId])
  if (account?.status !== 'active') throw new AppError('account-disabled')
  if (account.role === superadmin && (await isLastSuperadmin(tx, account.id))) throw new AppError('last-superadmin')
  return account
}

/**
 * Locks an account that the operator erases, whatever its rank; null where there is none.
 * @throws AppError `last-superadmin`
 */
export async function lockToErase(tx: Tx, accountId: string): Promise<LockedAccount | null> {
  await lockTeams(tx, [accountId])
  const [account] = await lockAccounts(tx, [accountId])
  if (!account || account.status === 'deleted') return null
  if (account.role === superadmin && account.status === 'active' && (await isLastSuperadmin(tx, accountId)))
    throw new AppError('last-superadmin')
  return account
}

/**
 * Gives an account the role that comes with its plan. The caller records the change.
 * @returns false, with nothing changed, for the last superadmin
 */
export async function resetRole(tx: Tx, accountId: string): Promise<boolean> {
  const [account] = await lockAccounts(tx, [accountId])
  if (!account || (account.role === superadmin && (await isLastSuperadmin(tx, accountId)))) return false
  // A member's own plan is free, so their role goes back to that of the free plan.
  await updateRole(tx, accountId, roleOnPlan(account.payerId === null ? account.plan : freePlan).role)
  return true
}

/**
 * Locks accounts in the order of their ids, and their roles, and reads what they may do. Ids without an account are
 * left out.
 */
export function lockForAuthorisation(tx: Tx, accountIds: string[]): Promise<LockedAccount[]> {
  return lockAccounts(tx, accountIds)
}

/** Locks one account's row, which serialises changes of its rights and sessions, and ends what has expired. */
export async function lockAccount(tx: Tx, accountId: string): Promise<void> {
  await lockAccountRows(tx, [accountId])
}

/**
 * The same for a change of its plan, or of its membership of a team: with the team and, where the account owns it, everybody in
 * it. It must be the first lock of the transaction.
 */
export async function lockPlan(tx: Tx, accountId: string): Promise<void> {
  await lockTeams(tx, [accountId])
  await lockAccountRows(tx, [accountId])
}
