import { type AuthzChange, authzChangeColumns } from '../access/authz-change.ts'
import type { Db } from '../db/types.ts'

/**
 * Increments the account's version, ends the sessions concerned and writes the change with the account's whole state.
 * @returns the change, and behind it those of the accounts that this one pays for, where their plan changed with it
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

/**
 * insertAuthzChange for several accounts at once, in the order of their ids; changes of their plans are not passed on
 * to members of their teams.
 */
export function insertAuthzChanges(sql: Db, accountIds: string[]): Promise<AuthzChange[]> {
  return sql<AuthzChange[]>`
    select ${authzChangeColumns(sql)} from (select id as concerned from unnest(${accountIds}::uuid[]) id order by 1) accounts
     cross join lateral record_own_change(concerned)`
}

/** Increments the catalogue's version and writes the change by which every instance reads it. */
export async function insertCatalogueChange(sql: Db): Promise<AuthzChange> {
  const [row] = await sql<AuthzChange[]>`select ${authzChangeColumns(sql)} from record_catalogue_change()`
  if (!row) throw new Error('a catalogue change returns its row')
  return row
}

/** The position of the feed. */
export type FeedPosition = {
  /** Changes visible in this snapshot (PostgreSQL's text form) were read. */
  snapshot: string
  /** When the database server started. */
  server: string
  /** When the snapshot was read, by the database's clock, in epoch milliseconds. */
  at: number
}

/**
 * The changes that are not visible at `position`, or all of the last `lifeSeconds`, oldest first, and the next
 * position. Exact whatever the order of commits: rows have their transaction id, and a snapshot shows which of them are
 * visible, so that a transaction that stays open for long neither hides a change nor makes others appear twice. Rows
 * written since `position` are read whatever their transaction id: after a crash PostgreSQL may assign ids again that
 * were not yet written to disk.
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
