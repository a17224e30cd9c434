import { endApiKeys } from '../api-keys/verifier.ts'
import { removePassword } from '../auth/password-change.ts'
import type { Tx } from '../db/types.ts'
import { eraseRecoveryCodes, eraseTotp } from '../mfa/factors.ts'
import { removePasskeys } from '../passkeys/manage.ts'
import { removeIdentities } from '../sso/identities.ts'

/** A sign-in method. Each room that stores one adds its removal. */
type SignInMethod = {
  /** Its name in the audit trail. */
  name: string
  /**
   * Removes the account's methods of this kind, in a transaction that locked its row and records the change of
   * authorisation afterwards.
   * @param addedSince only those added since, where the date is stored; null: all
   * @returns how many there were
   */
  remove(tx: Tx, accountId: string, addedSince: Date | null): Promise<number>
}

/** All sign-in methods. A room that stores another adds a line. */
const signInMethods: readonly SignInMethod[] = [
  { name: 'passwords', remove: removePassword },
  { name: 'passkeys', remove: removePasskeys },
  { name: 'authenticatorApps', remove: eraseTotp },
  { name: 'recoveryCodes', remove: eraseRecoveryCodes },
  { name: 'identities', remove: removeIdentities },
  { name: 'apiKeys', remove: async (tx, accountId) => (await endApiKeys(tx, accountId)).length },
]

/**
 * Removes sign-in methods, for a person who proved the address by its mailbox, against whoever used the account before.
 * The caller ends the sessions by `recordAuthzChange`.
 * @param addedSince null: all; else passkeys, factors and identities added before stay
 * @returns the number of each kind, for the audit trail
 */
export async function removeSignInMethods(
  tx: Tx,
  accountId: string,
  addedSince: Date | null,
): Promise<Record<string, number>> {
  const removed: Record<string, number> = {}
  for (const { name, remove } of signInMethods) removed[name] = await remove(tx, accountId, addedSince)
  return removed
}
