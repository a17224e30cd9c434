import { authoriseOver, requireGrantable, superadmin } from '../../access/hierarchy.ts'
import type { Principal } from '../../access/principal.ts'
import { writeProfile } from '../../account/profile.ts'
import { findAccount } from '../../account/queries.ts'
import type { ProfileChange, Sort } from '../../account/schemas.ts'
import { endApiKeys } from '../../api-keys/verifier.ts'
import { type AuditEntry, type Client, record } from '../../audit/record.ts'
import { toUser, type User } from '../../auth/account.ts'
import { recordAuthzChange } from '../../changes/record.ts'
import { readAside } from '../../db/replica.ts'
import type { Deps } from '../../deps.ts'
import { AppError } from '../../errors/app-error.ts'
import type { Slice } from '../../http/output/page.ts'
import {
  clearLockouts,
  type Filter,
  findLockedReason,
  listPeople,
  type Person,
  updateRole,
  updateStatus,
} from './queries.ts'

const permission = 'users.manage'

/** An account as administrators see it. */
export type AdministeredUser = User & { lockedReason: string | null }

/** A page of people; that somebody looked is audited, but not for what. */
export async function searchPeople(
  deps: Deps,
  actor: Principal,
  filter: Filter,
  { sort, limit, after }: { sort: Sort } & Slice<[string, string]>,
  client: Client,
): Promise<Person[]> {
  const people = await readAside(deps, actor.accountId, (sql) =>
    sql.begin((tx) => listPeople(tx, filter, sort, limit, after)),
  )
  const { q, ...details } = filter
  await record(deps.sql, deps.audit, {
    action: 'account.search',
    actorId: actor.accountId,
    entityType: 'directory',
    entityId: null,
    client,
    // What was typed may be somebody's address, which must not outlive its erasure here.
    details: { ...details, sort, searched: q !== undefined },
  })
  return people
}

/** One person; reading about somebody else is audited. @throws AppError `not-found` */
export async function readPerson(
  deps: Deps,
  actor: Principal,
  accountId: string,
  client: Client,
): Promise<AdministeredUser> {
  return deps.sql.begin(async (tx) => {
    const person = await findAccount(tx, accountId)
    if (!person) throw new AppError('not-found')
    await record(tx, deps.audit, entry('account.read', actor, accountId, client))
    return { ...toUser(person), lockedReason: await findLockedReason(tx, accountId) }
  })
}

/** Changes a profile on somebody's behalf. @throws AppError as authoriseOver */
export async function changePerson(
  deps: Deps,
  actor: Principal,
  accountId: string,
  change: ProfileChange,
  client: Client,
): Promise<AdministeredUser> {
  await deps.sql.begin(async (tx) => {
    await authoriseOver(tx, actor, accountId, permission)
    await writeProfile(tx, deps, actor.accountId, accountId, change, client)
  })
  return readPerson(deps, actor, accountId, client)
}

/** Gives an account a role below the actor's own. @throws AppError as authoriseOver, `validation-failed` for an unknown role */
export async function assignRole(
  deps: Deps,
  actor: Principal,
  accountId: string,
  role: string,
  client: Client,
): Promise<AdministeredUser> {
  await deps.sql.begin(async (tx) => {
    const authority = await authoriseOver(tx, actor, accountId, permission, {
      removes: role !== superadmin,
    })
    await requireGrantable(tx, authority, role)
    const { target } = authority
    if (target.role === role) return
    await updateRole(tx, accountId, role)
    await recordAuthzChange(tx, { accountId })
    await record(tx, deps.audit, {
      ...entry('account.change_role', actor, accountId, client),
      details: { from: target.role, to: role },
    })
  })
  return readPerson(deps, actor, accountId, client)
}

/** Locks an account: its sessions end, and nobody logs in to it until it is unlocked. */
export async function lock(
  deps: Deps,
  actor: Principal,
  accountId: string,
  reason: string,
  client: Client,
): Promise<void> {
  await deps.sql.begin(async (tx) => {
    const { target } = await authoriseOver(tx, actor, accountId, permission, { removes: true })
    if (target.status === 'locked') return
    await updateStatus(tx, accountId, 'locked', reason)
    await recordAuthzChange(tx, { accountId, endSessions: 'all', reason: 'lock' })
    await record(tx, deps.audit, { ...entry('account.lock', actor, accountId, client), after: { reason } })
  })
}

/** Ends a lock, and a lockout of the account's address. */
export async function unlock(deps: Deps, actor: Principal, accountId: string, client: Client): Promise<void> {
  await deps.sql.begin(async (tx) => {
    const { target } = await authoriseOver(tx, actor, accountId, permission)
    await clearLockouts(tx, [deps.counterKey('email', target.email ?? ''), deps.counterKey('password', accountId)])
    await record(tx, deps.audit, {
      ...entry('account.unlock', actor, accountId, client),
      details: { was: target.status },
    })
    if (target.status !== 'locked') return
    await updateStatus(tx, accountId, 'active', null)
    await recordAuthzChange(tx, { accountId })
  })
}

/** Ends every session and API key of an account. */
export async function revokeSessions(deps: Deps, actor: Principal, accountId: string, client: Client): Promise<void> {
  await deps.sql.begin(async (tx) => {
    await authoriseOver(tx, actor, accountId, permission)
    const apiKeys = await endApiKeys(tx, accountId)
    await recordAuthzChange(tx, { accountId, endSessions: 'all', reason: 'revoked' })
    await record(tx, deps.audit, {
      ...entry('session.end_all', actor, accountId, client),
      details: { apiKeysEnded: apiKeys },
    })
  })
}

function entry(action: string, actor: Principal, accountId: string, client: Client): AuditEntry {
  return { action, actorId: actor.accountId, entityType: 'account', entityId: accountId, client }
}
