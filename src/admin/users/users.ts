import type { Actor } from '../../access/actor.ts'
import { authoriseOver, requireGrantable, superadmin } from '../../access/hierarchy.ts'
import { findUser, writeProfile } from '../../account/profile.ts'
import type { ProfileChange } from '../../account/schemas.ts'
import { endApiKeys } from '../../api-keys/verifier.ts'
import { account, directory } from '../../audit/actor.ts'
import { toUser, type User, withRights } from '../../auth/account.ts'
import { clearLockouts } from '../../auth/lockout.ts'
import { recordAuthzChange } from '../../changes/record.ts'
import { readFromReplica } from '../../db/replica.ts'
import type { Tx } from '../../db/types.ts'
import { AppError } from '../../errors/app-error.ts'
import type { Slice } from '../../http/output/page.ts'
import { voidChallenges } from '../../mfa/challenge.ts'
import type { AdminDeps } from '../deps.ts'
import type { Sort } from '../schemas.ts'
import {
  type Filter,
  findLockedReason,
  type ListedAccount,
  listUsers,
  lockStatus,
  unlockStatus,
  updateRole,
} from './queries.ts'

const permission = 'users.manage'

/** An account as administrators see it. */
export type AdministeredUser = User & { lockedReason: string | null }

/** A user of a list, with the value that the list is sorted by. */
type ListedUser = User & { sortKey: string }

/** A page of users. The search is audited, without its text. */
export async function searchUsers(
  deps: AdminDeps,
  actor: Actor,
  filter: Filter,
  { sort, limit, after }: { sort: Sort } & Slice<[string, string]>,
): Promise<ListedUser[]> {
  const users = await readFromReplica(deps, actor.principal.accountId, (sql) =>
    sql.begin(async (tx) => {
      const rows = await listUsers(tx, filter, sort, limit, after)
      return Promise.all(rows.map((row) => toListedUser(deps, tx, row)))
    }),
  )
  const { q, ...details } = filter
  // The text is not stored: it may be an address, which an erasure would not reach here.
  const kept = { ...details, sort, searched: q !== undefined }
  await deps.audit.record(deps.sql, actor, 'account.search', directory, { details: kept })
  return users
}

async function toListedUser(deps: AdminDeps, tx: Tx, { sortKey, ...account }: ListedAccount): Promise<ListedUser> {
  return { ...toUser(await withRights(deps, tx, { ...account, overrides: {} })), sortKey }
}

/** One user. Reading is audited. @throws AppError `not-found` */
export async function readAdministeredUser(
  deps: AdminDeps,
  actor: Actor,
  accountId: string,
): Promise<AdministeredUser> {
  return deps.sql.begin((tx) => showUser(tx, deps, actor, accountId))
}

/** The answer to a change, read in its transaction: a client that disconnects after the commit must not lose it. */
export async function showUser(tx: Tx, deps: AdminDeps, actor: Actor, accountId: string): Promise<AdministeredUser> {
  const user = await findUser(deps, tx, accountId)
  if (!user) throw new AppError('not-found')
  await deps.audit.record(tx, actor, 'account.read', account(accountId))
  return { ...user, lockedReason: await findLockedReason(tx, accountId) }
}

/** Changes the profile of another person. @throws AppError as authoriseOver */
export async function changeUser(
  deps: AdminDeps,
  actor: Actor,
  accountId: string,
  change: ProfileChange,
): Promise<AdministeredUser> {
  return deps.sql.begin(async (tx) => {
    await authoriseOver(tx, actor.principal, accountId, permission)
    await writeProfile(tx, deps, actor, accountId, change)
    return showUser(tx, deps, actor, accountId)
  })
}

/** Gives an account a role below the actor's own. @throws AppError as authoriseOver, `validation-failed` for an unknown role */
export async function assignRole(
  deps: AdminDeps,
  actor: Actor,
  accountId: string,
  role: string,
): Promise<AdministeredUser> {
  return deps.sql.begin(async (tx) => {
    const authority = await authoriseOver(tx, actor.principal, accountId, permission, {
      removes: role !== superadmin,
    })
    const { privilegeLevel } = await requireGrantable(tx, authority, role)
    const { target } = authority
    if (target.role !== role) {
      await updateRole(tx, accountId, role, actor.principal.accountId)
      await recordAuthzChange(tx, { accountId })
      const details = { from: target.role, to: role }
      await deps.audit.record(tx, actor, 'account.change_role', account(accountId), { details })
      if (privilegeLevel > target.rank) await deps.mail.notify(tx, accountId, 'role-raised', { role })
    }
    return showUser(tx, deps, actor, accountId)
  })
}

/** Locks an account: its sessions end, and it cannot sign in until it is unlocked. @throws AppError as authoriseOver */
export async function lock(deps: AdminDeps, actor: Actor, accountId: string, reason: string): Promise<void> {
  await deps.sql.begin(async (tx) => {
    const { target } = await authoriseOver(tx, actor.principal, accountId, permission, { removes: true })
    if (target.status === 'locked') return
    await lockStatus(tx, accountId, reason)
    await recordAuthzChange(tx, { accountId, endSessions: 'all', reason: 'lock' })
    await deps.audit.record(tx, actor, 'account.lock', account(accountId), { after: { reason } })
  })
}

/**
 * Ends a lock, and a lockout of the account's address. Sign-ins that began before the lock must begin again.
 * @throws AppError as authoriseOver
 */
export async function unlock(deps: AdminDeps, actor: Actor, accountId: string): Promise<void> {
  await deps.sql.begin(async (tx) => {
    const { target } = await authoriseOver(tx, actor.principal, accountId, permission)
    await clearLockouts(tx, [
      deps.counterKey('email', target.email ?? ''),
      deps.counterKey('password', accountId),
      deps.counterKey('code', accountId),
    ])
    await deps.audit.record(tx, actor, 'account.unlock', account(accountId), { details: { was: target.status } })
    if (target.status !== 'locked') return
    await unlockStatus(tx, accountId)
    await voidChallenges(tx, accountId)
    await recordAuthzChange(tx, { accountId })
  })
}

/** Ends every session and API key of an account. @throws AppError as authoriseOver */
export async function revokeSessions(deps: AdminDeps, actor: Actor, accountId: string): Promise<void> {
  await deps.sql.begin(async (tx) => {
    await authoriseOver(tx, actor.principal, accountId, permission)
    const apiKeys = await endApiKeys(tx, accountId)
    await recordAuthzChange(tx, { accountId, endSessions: 'all', reason: 'revoked' })
    const details = { apiKeysEnded: apiKeys }
    await deps.audit.record(tx, actor, 'session.end_all', account(accountId), { details })
  })
}
