import type { Actor } from '../access/actor.ts'
import type { Principal } from '../access/principal.ts'
import { account } from '../audit/actor.ts'
import { requireStrongSignIn } from '../auth/sessions.ts'
import type { Db, Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import type { PasskeyDeps } from './deps.ts'
import {
  countPasskeys as count,
  deletePasskey,
  deletePasskeys,
  listPasskeys,
  type PasskeyItem,
  updateName,
  updateSecondFactors,
} from './queries.ts'

/** The person's passkeys, newest first. */
export function readPasskeys(
  deps: Pick<PasskeyDeps, 'sql'>,
  { accountId }: Pick<Principal, 'accountId'>,
  { limit, after }: Slice<string>,
): Promise<PasskeyItem[]> {
  return listPasskeys(deps.sql, accountId, limit, after)
}

/** How many passkeys an account has. */
export function countPasskeys(sql: Db, accountId: string): Promise<number> {
  return count(sql, accountId)
}

/** Renames a passkey. @param name undefined: nothing changes @throws AppError `not-found` when it is not theirs */
export async function renamePasskey(
  deps: PasskeyDeps,
  actor: Actor,
  id: string,
  name: string | undefined,
): Promise<PasskeyItem> {
  const { accountId } = actor.principal
  return deps.sql.begin(async (tx) => {
    const renamed = await updateName(tx, accountId, id, name ?? null)
    if (!renamed) throw new AppError('not-found')
    if (name !== undefined)
      await deps.audit.record(tx, actor, 'passkey.rename', account(accountId), {
        details: { passkeyId: id },
        after: { name },
      })
    return renamed
  })
}

/**
 * Removes a passkey of the person. @throws AppError `not-found` when it is not theirs, `last-sign-in-method`, and those of
 * requireStrongSignIn
 */
export async function removePasskey(deps: PasskeyDeps, actor: Actor, id: string): Promise<void> {
  const { accountId } = actor.principal
  await deps.sql.begin(async (tx) => {
    await requireStrongSignIn(tx, actor.principal)
    if (!(await deletePasskey(tx, accountId, id))) throw new AppError('not-found')
    if ((await deps.countSignInMethods(tx, accountId)) === 0) throw new AppError('last-sign-in-method')
    await updateSecondFactors(tx, accountId)
    await deps.audit.record(tx, actor, 'passkey.delete', account(accountId), { details: { passkeyId: id } })
    await deps.mail.notify(tx, accountId, 'sign-in-method-removed', { method: 'passkey' })
  })
}

/**
 * Removes an account's passkeys, in a transaction that locked its row; the caller audits it, notifies the person, and ends the
 * sessions.
 * @param addedSince only those that were added since this moment; null: all
 * @returns how many were removed
 */
export async function removePasskeys(tx: Tx, accountId: string, addedSince: Date | null): Promise<number> {
  const removed = await deletePasskeys(tx, accountId, addedSince)
  await updateSecondFactors(tx, accountId)
  return removed
}
