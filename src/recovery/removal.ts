import { endApiKeys } from '../api-keys/verifier.ts'
import { removePassword } from '../auth/password-change.ts'
import type { Tx } from '../db/types.ts'
import { eraseRecoveryCodes, eraseTotp } from '../mfa/factors.ts'
import { removePasskeys } from '../passkeys/manage.ts'
import { removeIdentities } from '../sso/identities.ts'

/** Something that opens an account. Each room that keeps such a thing says how it goes. */
type SignInMethod = {
  /** What the trail calls it. */
  name: string
  /**
   * Removes an account's, in a transaction that locked its row and records the change of authorisation after it.
   * @param addedSince only what was added from that moment on, where the room tells that apart; null: all
   * @returns how many there were
   */
  remove(tx: Tx, accountId: string, addedSince: Date | null): Promise<number>
}

/** Every one: a room that keeps another adds a line. */
const signInMethods: readonly SignInMethod[] = [
  { name: 'passwords', remove: removePassword },
  { name: 'passkeys', remove: removePasskeys },
  { name: 'authenticatorApps', remove: eraseTotp },
  { name: 'recoveryCodes', remove: eraseRecoveryCodes },
  { name: 'identities', remove: removeIdentities },
  { name: 'apiKeys', remove: async (tx, accountId) => (await endApiKeys(tx, accountId)).length },
]

/**
 * Removes whatever opens an account, for whoever has proved the address by its mailbox, against whoever was in the account
 * before. The caller ends the sessions by `recordAuthzChange`.
 * @param addedSince null: whenever it was added; else passkeys, factors and identities from before that moment stay
 * @returns how many of each kind, for the trail
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
