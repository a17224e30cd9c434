import { countPasswords } from './auth/passwordless.ts'
import type { Tx } from './db/types.ts'
import { countPasskeys } from './passkeys/manage.ts'
import { countUsableIdentities } from './sso/identities.ts'
import type { IdentityProviders } from './sso/providers.ts'

/**
 * Counts the sign-in methods of an account, in a transaction that locked its row and removed one. @throws AppError
 * `last-sign-in-method` where none is left. API keys, authenticator apps and recovery codes do not count by themselves.
 */
export function countingSignInMethods(identityProviders: IdentityProviders) {
  /** The counts of each room's sign-in methods: a room that stores another adds a line. */
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
