import type { Actor } from '../access/actor.ts'
import type { Principal } from '../access/principal.ts'
import { account as entity } from '../audit/actor.ts'
import { type CatalogueDeps, toUser, type User, withRights } from '../auth/account.ts'
import type { Db, Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import type { AccountDeps } from './deps.ts'
import { type AuditItem, findAccount, listOwnAudit, lockProfile, type Profile, updateProfile } from './queries.ts'
import type { ProfileChange } from './schemas.ts'

/** The account of the principal. @throws AppError `account-disabled` when it was erased */
export async function readUser(deps: AccountDeps, { accountId }: Principal, sql: Db = deps.sql): Promise<User> {
  const user = await findUser(deps, sql, accountId)
  if (!user) throw new AppError('account-disabled')
  return user
}

/** An account by id; null when it does not exist or was erased. */
export async function findUser(deps: CatalogueDeps, sql: Db, accountId: string): Promise<User | null> {
  const account = await findAccount(sql, accountId)
  return account && toUser(await withRights(deps, sql, { ...account, overrides: {} }))
}

/** Audit rows by the person and about their account, newest first. */
export function readOwnAudit(
  deps: AccountDeps,
  { accountId }: Principal,
  { limit, after }: Slice<string>,
): Promise<AuditItem[]> {
  return listOwnAudit(deps.sql, accountId, limit, after)
}

/** Changes given fields and clears those that are null. Writes nothing when nothing changes. */
export async function changeProfile(deps: AccountDeps, actor: Actor, change: ProfileChange): Promise<User> {
  const { principal } = actor
  return deps.sql.begin(async (tx) => {
    await writeProfile(tx, deps, actor, principal.accountId, change)
    // Read before the commit: a client that disconnects must not lose the answer.
    return readUser(deps, principal, tx)
  })
}

/**
 * changeProfile in the caller's transaction, which has checked the actor's authority.
 * @throws AppError `account-disabled` when the account was erased
 */
export async function writeProfile(
  tx: Tx,
  { audit }: AccountDeps,
  actor: Actor,
  accountId: string,
  change: ProfileChange,
): Promise<void> {
  const profile = await lockProfile(tx, accountId)
  if (!profile) throw new AppError('account-disabled')
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  const changed: Profile = { ...profile, ...given }
  const fields = Object.keys(given).filter((key) => changed[key as keyof Profile] !== profile[key as keyof Profile])
  if (fields.length === 0) return
  await updateProfile(tx, accountId, changed)
  const [before, after] = [pick(profile, fields), pick(changed, fields)]
  await audit.record(tx, actor, 'profile.update', entity(accountId), { details: { fields }, before, after })
}

function pick(profile: Profile, fields: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(profile).filter(([key]) => fields.includes(key)))
}
