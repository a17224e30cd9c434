import type { AuthzChange } from '../access/authz-change.ts'
import type { Tx } from '../db/types.ts'
import { insertAuthzChange, insertAuthzChanges, insertCatalogueChange } from './queries.ts'

type Change = {
  accountId: string
  /** Sessions to end with the change: one by id, all, or all except one. */
  endSession?: string
  endSessions?: 'all' | { except: string }
  /** The reason stored on the ended sessions, e.g. `logout`. */
  reason?: string
}

/**
 * Publishes a change of authorisation. Call it in the transaction that made the change, after the change: it increments
 * the account's version, ends sessions, and records the account's whole state; the commit puts it in force on every
 * instance. Where the plan of a team's owner changed, that of its members changes with it: for a change of plan, lock
 * by `lockPlan` first.
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

/**
 * recordAuthzChange for several accounts, whose rows are locked, in one statement. Changes of plan are not passed on to
 * members of their teams.
 */
export async function recordAuthzChanges(tx: Tx, accountIds: string[]): Promise<void> {
  tx.committed.push(...(await insertAuthzChanges(tx, accountIds)))
}

/** Publishes an edit of the catalogue, in the transaction that made it: every instance reads the new version. */
export async function recordCatalogueChange(tx: Tx): Promise<void> {
  tx.committed.push(await insertCatalogueChange(tx))
}
