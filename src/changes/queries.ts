import { type AuthzChange, authzChangeColumns } from '../access/authz-change.ts'
import type { Db } from '../db/types.ts'

/**
 * Moves the account's version, ends the sessions concerned and writes the change with the account's whole state.
 * @returns it, and behind it the changes of whoever the account pays for, where its plan is another now
 */
export async function insertAuthzChange(
  sql: Db,
  change: {
    accountId: string
    kind: string
    sessionId: string | null
    exceptSessionId: string | null
    reason: string | null
  },
): Promise<[AuthzChange, ...AuthzChange[]]> {
  const [row, ...ofMembers] = await sql<AuthzChange[]>`
    select ${authzChangeColumns(sql)} from record_authz_change(${change.accountId}, ${change.kind}, ${change.sessionId}, ${change.exceptSessionId}, ${change.reason})`
  if (!row) throw new Error(`no account ${change.accountId} to record a change of`)
  return [row, ...ofMembers]
}

/** The same for several accounts at once, in the order of their ids; their plans do not spread. */
export function insertAuthzChanges(sql: Db, accountIds: string[]): Promise<AuthzChange[]> {
  return sql<AuthzChange[]>`
    select ${authzChangeColumns(sql)} from (select id as concerned from unnest(${accountIds}::uuid[]) id order by 1) accounts
     cross join lateral record_own_change(concerned)`
}

/** Moves the catalogue's version and writes the change that tells every instance. */
export async function insertCatalogueChange(sql: Db): Promise<AuthzChange> {
  const [row] = await sql<AuthzChange[]>`select ${authzChangeColumns(sql)} from record_catalogue_change()`
  if (!row) throw new Error('a catalogue change returns its row')
  return row
}

/** Where a reading of the feed stands. */
export type FeedPosition = {
  /** What is visible in this snapshot (PostgreSQL's own text of it) has been read. */
  snapshot: string
  /** When the server that gave it started. */
  server: string
  /** When it was read, by the database's clock, in epoch milliseconds. */
  at: number
}

/**
 * The changes that `position` did not see, or all of the last `lifeSeconds`, oldest first, and the position after them.
 * Exact whatever the order of commits: rows tell their transaction, and a snapshot which of them it can see, so that one
 * held open for long neither hides a change nor makes others come again. What was written since is read whatever its
 * transaction's number, for after a crash PostgreSQL may give out again those that it had not yet written to disk.
 */
export async function listAuthzChanges(
  sql: Db,
  position: FeedPosition | null,
  lifeSeconds: number,
): Promise<{ changes: AuthzChange[]; position: FeedPosition }> {
  const unseen =
    position === null
      ? sql`true`
      : sql`(xid >= pg_snapshot_xmin(${position.snapshot}::pg_snapshot) and not pg_visible_in_snapshot(xid, ${position.snapshot}::pg_snapshot)
             or at >= to_timestamp(${position.at}::float8 / 1000))`
  const rows = await sql<(AuthzChange & { read: FeedPosition | null })[]>`
    select case when row_number() over (order by authz_changes.id) = 1
                then json_build_object('snapshot', pg_current_snapshot()::text, 'at', extract(epoch from clock_timestamp()) * 1000,
                                       'server', extract(epoch from pg_postmaster_start_time())::text) end as read, ${authzChangeColumns(sql)}
      from (select 1) one
      left join authz_changes on at > statement_timestamp() - make_interval(secs => ${lifeSeconds}) and ${unseen}
     order by authz_changes.id`
  const read = rows[0]?.read
  if (!read) throw new Error('a position always comes, alone when nothing changed')
  return { changes: rows.filter(({ id }) => id !== null).map(({ read: _, ...change }) => change), position: read }
}
