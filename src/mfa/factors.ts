import type { Principal } from '../access/principal.ts'
import type { Tx } from '../db/types.ts'
import { countPasskeys } from '../passkeys/manage.ts'
import type { MfaDeps } from './deps.ts'
import { deleteRecoveryCodes, deleteTotp, findFactors, updateTotpFlag } from './queries.ts'

/** The second factors of a person. */
export async function readFactors({ sql }: Pick<MfaDeps, 'sql'>, { accountId }: Pick<Principal, 'accountId'>) {
  const [{ totpSince, recoveryCodesLeft }, passkeys] = await Promise.all([
    findFactors(sql, accountId),
    countPasskeys(sql, accountId),
  ])
  return { totp: { enabled: totpSince !== null, since: totpSince }, recoveryCodesLeft, passkeys }
}

/**
 * Removes an account's authenticator app, in a transaction that locked its row; the caller audits it, notifies the person, and ends the
 * sessions.
 * @param addedSince an app that was confirmed before this moment stays; null: none stays
 * @returns how many were removed
 */
export async function eraseTotp(tx: Tx, accountId: string, addedSince: Date | null): Promise<number> {
  const removed = await deleteTotp(tx, accountId, addedSince)
  if (removed > 0) await updateTotpFlag(tx, accountId, false)
  return removed
}

/** eraseTotp for recovery codes. @returns how many unused ones were removed */
export function eraseRecoveryCodes(tx: Tx, accountId: string, addedSince: Date | null): Promise<number> {
  return deleteRecoveryCodes(tx, accountId, addedSince)
}
