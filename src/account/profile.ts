import type { Principal } from '../access/principal.ts'
import { type Client, record } from '../audit/record.ts'
import { toUser, type User } from '../auth/account.ts'
import type { Tx } from '../db/types.ts'
import type { Deps } from '../deps.ts'
import { AppError } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import { type AuditItem, findAccount, listOwnAudit, lockProfile, type Profile, updateProfile } from './queries.ts'
import type { ProfileChange } from './schemas.ts'

/** The person behind a token. @throws AppError `account-disabled` when the account is gone */
export async function readUser(deps: Deps, { accountId }: Principal): Promise<User> {
  const account = await findAccount(deps.sql, accountId)
  if (!account) throw new AppError('account-disabled')
  return toUser(account)
}

/** What the person did and what was done to their account, newest first. */
export function readOwnAudit(
  deps: Deps,
  { accountId }: Principal,
  { limit, after }: Slice<string>,
): Promise<AuditItem[]> {
  return listOwnAudit(deps.sql, accountId, limit, after)
}

/** Changes what is given, clears what is null, and keeps the rest; nothing changed is nothing written. */
export async function changeProfile(
  deps: Deps,
  principal: Principal,
  change: ProfileChange,
  client: Client,
): Promise<User> {
  await deps.sql.begin((tx) => writeProfile(tx, deps, principal.accountId, principal.accountId, change, client))
  return readUser(deps, principal)
}

/** The same for whoever may do it, in the transaction that judged so. @throws AppError `account-disabled` when it is gone */
export async function writeProfile(
  tx: Tx,
  deps: Deps,
  actorId: string,
  accountId: string,
  change: ProfileChange,
  client: Client,
): Promise<void> {
  const profile = await lockProfile(tx, accountId)
  if (!profile) throw new AppError('account-disabled')
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))
  const changed: Profile = { ...profile, ...given }
  const fields = Object.keys(given).filter((key) => changed[key as keyof Profile] !== profile[key as keyof Profile])
  if (fields.length === 0) return
  await updateProfile(tx, accountId, changed)
  const [before, after] = [pick(profile, fields), pick(changed, fields)]
  await record(tx, deps.audit, {
    action: 'profile.update',
    actorId,
    entityType: 'account',
    entityId: accountId,
    client,
    details: { fields },
    before,
    after,
  })
}

function pick(profile: Profile, fields: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(profile).filter(([key]) => fields.includes(key)))
}
