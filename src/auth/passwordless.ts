import type { Origin } from '../audit/actor.ts'
import type { Db, Tx } from '../db/types.ts'
import { countPasswords as count, insertFailedSignIn, insertSignIn } from './passwordless-queries.ts'

/**
 * Notes a sign-in without a password, for `prove` of completeSignIn: the time on the account's row, which it locks, and a line in
 * the person's own list. One statement.
 * @returns false where the account is not active: then nothing is noted
 */
export function noteSignIn(tx: Tx, accountId: string, origin: Origin): Promise<boolean> {
  return insertSignIn(tx, accountId, origin)
}

/** Notes for the person that somebody failed to sign in to their account without a password. */
export function noteFailedSignIn(sql: Db, accountId: string, origin: Origin): Promise<void> {
  return insertFailedSignIn(sql, accountId, origin)
}

/** How many passwords an account has: one or none. */
export function countPasswords(tx: Tx, accountId: string): Promise<number> {
  return count(tx, accountId)
}
