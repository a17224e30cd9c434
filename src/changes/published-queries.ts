import type { AuthzChange } from '../access/authz-change.ts'
import type { Db } from '../db/types.ts'

/** A change for other services, with its transaction id, behind which a cursor continues. */
export type PublishedChange = AuthzChange & { xid: string }

/** The position of a reading. Snapshots and transaction ids are in PostgreSQL's text form: they have 64 bits. */
type ReadingPosition = {
  /** Changes visible in this snapshot were read; null: none were. */
  known: string | null
  /** The last row read, by transaction and id; all rows before it were read. */
  after: { xid: string; id: number }
  /** Only changes visible in this snapshot are read; null: in the present one. */
  until: string | null
}

type ReadingOfChanges = {
  changes: PublishedChange[]
  /** The snapshot in which they were read. */
  snapshot: string
  /** Whether `known` is in the future, as after a restore of the database from an earlier backup. */
  isAhead: boolean
  /** The database's clock, epoch milliseconds. */
  readAt: number
}

/**
 * At most `limit` changes from a position on, by transaction and id, with the snapshot of the read. `xid` alone is in
 * the first bound, so that its index serves both bound and order.
 */
export async function listPublishedChanges(
  sql: Db,
  { known, after, until }: ReadingPosition,
  limit: number,
): Promise<ReadingOfChanges> {
  const rows = await sql<(PublishedChange & Omit<ReadingOfChanges, 'changes'>)[]>`
    select seen::text as snapshot,
           coalesce(pg_snapshot_xmax(${known}::pg_snapshot) > pg_snapshot_xmax(seen), false) as is_ahead,
           floor(extract(epoch from clock_timestamp()) * 1000)::float8 as read_at, c.*
      from pg_current_snapshot() seen
      left join lateral (
        select xid::text, id::text, at, account_id, version::int, kind, role, privilege_level, plan, pex::float8 as plan_expires_at, overrides,
               status, session_id, except_session_id, catalogue_version::int
          from authz_changes
         where xid >= ${after.xid}::xid8 and (xid, id) > (${after.xid}::xid8, ${after.id}::bigint)
           and (${known}::pg_snapshot is null or not pg_visible_in_snapshot(xid, ${known}::pg_snapshot))
           and (${until}::pg_snapshot is null or pg_visible_in_snapshot(xid, ${until}::pg_snapshot))
         order by authz_changes.xid, authz_changes.id
         limit ${limit}) c on true
     order by c.xid::xid8, c.id::bigint`
  const [first] = rows
  if (!first) throw new Error('a snapshot is always read')
  const { snapshot, isAhead, readAt } = first
  return { changes: rows.filter(({ id }) => id !== null), snapshot, isAhead, readAt }
}
