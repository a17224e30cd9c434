import { countPasswords } from './auth/passwordless.ts'
import type { Tx } from './db/types.ts'
import { countPasskeys } from './passkeys/manage.ts'
import { countUsableIdentities } from './sso/identities.ts'
import type { IdentityProviders } from './sso/providers.ts'

/**
 * How many ways to sign in an account has, in a transaction that locked its row and has removed one: where none is left, it
 * throws `last-sign-in-method`. API keys, codes of an app and recovery codes are none by themselves.
 */
export function countingSignInMethods(identityProviders: IdentityProviders) {
  /** What each room counts of the ways to sign in that it keeps: one that keeps another adds a line. */
  const counts: readonly ((tx: Tx, accountId: string) => Promise<number>)[] = [
    countPasswords,
    countPasskeys,
    (tx, accountId) => countUsableIdentities({ identityProviders }, tx, accountId),
  ]
  return async function countSignInMethods(tx: Tx, accountId: string): Promise<number> {
    let total = 0
    for (const count of counts) total += await count(tx, accountId)
    return total
  }
}
