import type { Principal } from '../access/principal.ts'
import type { Tx } from '../db/types.ts'
import { countPasskeys } from '../passkeys/manage.ts'
import type { MfaDeps } from './deps.ts'
import { deleteRecoveryCodes, deleteTotp, findFactors, updateTotpFlag } from './queries.ts'

/** What a person has beside the password. */
export async function readFactors({ sql }: Pick<MfaDeps, 'sql'>, { accountId }: Pick<Principal, 'accountId'>) {
  const [{ totpSince, recoveryCodesLeft }, passkeys] = await Promise.all([
    findFactors(sql, accountId),
    countPasskeys(sql, accountId),
  ])
  return { totp: { enabled: totpSince !== null, since: totpSince }, recoveryCodesLeft, passkeys }
}

/**
 * Removes an account's authenticator app, in a transaction that locked its row; the caller audits it, tells the person, and
 * ends the sessions.
 * @param addedSince null: whenever it was added; else one that was confirmed before that moment stays
 * @returns how many there were
 */
export async function eraseTotp(tx: Tx, accountId: string, addedSince: Date | null): Promise<number> {
  const removed = await deleteTotp(tx, accountId, addedSince)
  if (removed > 0) await updateTotpFlag(tx, accountId, false)
  return removed
}

/** The same of recovery codes. @returns how many were good yet */
export function eraseRecoveryCodes(tx: Tx, accountId: string, addedSince: Date | null): Promise<number> {
  return deleteRecoveryCodes(tx, accountId, addedSince)
}
