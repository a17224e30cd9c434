import type { AuthzChange } from '../access/authz-change.ts'
import type { Db } from '../db/types.ts'

/** A change as other services read it, with what a cursor needs to go on after it. */
export type PublishedChange = AuthzChange & { xid: string }

/** Where a reading stands. Snapshots and transaction ids are PostgreSQL's text: they have 64 bits. */
export type ReadingPosition = {
  /** What was visible in this snapshot has been read; null: nothing has. */
  known: string | null
  /** The last row read, by transaction and id; below its transaction there is nothing left to read. */
  after: { xid: string; id: number }
  /** Only what is visible in this snapshot is read; null: in the present one. */
  until: string | null
}

export type ReadingOfChanges = {
  changes: PublishedChange[]
  /** The snapshot that saw them. */
  snapshot: string
  /** Whether `known` lies ahead of the present, as it does when the database was restored from before it. */
  isAhead: boolean
  /** The database's clock, epoch milliseconds. */
  readAt: number
}

/**
 * The changes from a position on, by transaction and then by id, `limit` at the most, with the snapshot that saw them.
 * `xid` alone stands in the first bound so that the index on it serves both the bound and the order.
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
