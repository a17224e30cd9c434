import type { AuthzChange } from '../access/authz-change.ts'
import type { Tx } from '../db/types.ts'
import { insertAuthzChange, insertAuthzChanges, insertCatalogueChange } from './queries.ts'

type Change = {
  accountId: string
  /** Ends sessions with it: one by id, all, or all except one. */
  endSession?: string
  endSessions?: 'all' | { except: string }
  /** Kept on the sessions that end, e.g. `logout`. */
  reason?: string
}

/**
 * Makes a change of authorisation known. Call it in the transaction that made the change, after the change: it moves the
 * account's version, ends sessions, and records the account's whole state; the commit puts it in force, everywhere. Members of
 * a team whose owner has another plan now have it, too: for a change of plan, lock by `lockPlan` first.
 * @returns the change, with the account's state after it
 */
export async function recordAuthzChange(
  tx: Tx,
  { accountId, endSession, endSessions, reason }: Change,
): Promise<AuthzChange> {
  const kind = endSession ? 'session-ended' : endSessions ? 'sessions-ended' : 'state'
  const exceptSessionId = typeof endSessions === 'object' ? endSessions.except : null
  const changes = await insertAuthzChange(tx, {
    accountId,
    kind,
    sessionId: endSession ?? null,
    exceptSessionId,
    reason: reason ?? null,
  })
  tx.committed.push(...changes)
  return changes[0]
}

/** The same for several accounts, whose rows are locked, in one statement. What an owner among them shares does not spread. */
export async function recordAuthzChanges(tx: Tx, accountIds: string[]): Promise<void> {
  tx.committed.push(...(await insertAuthzChanges(tx, accountIds)))
}

/** Makes an edit of the catalogue known, in the transaction that made it: every instance reads the new version. */
export async function recordCatalogueChange(tx: Tx): Promise<void> {
  tx.committed.push(await insertCatalogueChange(tx))
}
