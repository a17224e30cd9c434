import type { Origin } from '../audit/actor.ts'
import type { Db, Tx } from '../db/types.ts'
import { countPasswords as count, insertFailedSignIn, insertSignIn } from './passwordless-queries.ts'

/**
 * Records a sign-in without a password, for `prove` of completeSignIn: sets `last_login_at`, which locks the account's row, and adds
 * to the person's list of sign-ins. One statement.
 * @returns false where the account is not active: then nothing is recorded
 */
export function recordSignIn(tx: Tx, accountId: string, origin: Origin): Promise<boolean> {
  return insertSignIn(tx, accountId, origin)
}

/** Records a failed sign-in without a password, which the person can see in their list of sign-ins. */
export function recordFailedSignIn(sql: Db, accountId: string, origin: Origin): Promise<void> {
  return insertFailedSignIn(sql, accountId, origin)
}

/** How many passwords an account has: 1 or 0. */
export function countPasswords(tx: Tx, accountId: string): Promise<number> {
  return count(tx, accountId)
}
