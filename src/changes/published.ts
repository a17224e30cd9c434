import { AppError } from '../errors/app-error.ts'
import { decodeCursor, encodeCursor } from '../http/output/page.ts'
import type { ChangesDeps } from './deps.ts'
import { listPublishedChanges, type PublishedChange } from './published-queries.ts'

/**
 * How long a cursor is valid. Changes are kept for a day after they were written; one may have been written before the
 * cursor was given and committed only later (a job's transaction: ten minutes), so a cursor is valid for an hour less.
 */
const cursorLifeMs = 23 * 3_600_000
/** The most characters of each snapshot in a cursor; one with more transactions in progress is cut to its horizon. */
const maxSnapshotLength = 600
const transactionId = /^(?:0|[1-9]\d{0,18})$/

/**
 * The cursor of a reading. A reading has all changes that are visible in the snapshot of its first page but not in that
 * of the reading before. So no change is missed, however long its transaction took to commit, and none is repeated
 * unless a cursor is used twice or its snapshot was cut.
 */
type Cursor = {
  /** The snapshot whose changes were read, and when it was taken, by the database's clock. */
  known: string | null
  knownAt: number
  /** Within a reading of several pages: its last row, its snapshot, and when that was taken. */
  within: { xid: string; id: number; until: string; untilAt: number } | null
}

/**
 * A page of the changes of authorisation after `since`, or from the oldest kept one, with the next cursor.
 * @throws AppError `invalid-cursor`; `cursor-expired` when changes after it may have been deleted
 */
export async function readPublishedChanges({ sql }: ChangesDeps, since: string | undefined, limit: number) {
  const cursor = since === undefined ? null : decode(since)
  const { known = null, within = null } = cursor ?? {}
  const after = within ?? { xid: known?.split(':')[0] ?? '0', id: 0 }
  const { changes, snapshot, isAhead, readAt } = await listPublishedChanges(
    sql,
    { known, after, until: within?.until ?? null },
    limit + 1,
  )
  if (cursor && (isAhead || readAt - cursor.knownAt > cursorLifeMs)) throw new AppError('cursor-expired')
  const items = changes.slice(0, limit)
  const { until, untilAt } = within ?? { until: cutSnapshot(snapshot), untilAt: readAt }
  const last = changes.length > limit ? items.at(-1) : undefined
  const next: Cursor = last
    ? { known, knownAt: cursor?.knownAt ?? readAt, within: { xid: last.xid, id: Number(last.id), until, untilAt } }
    : { known: until, knownAt: untilAt, within: null }
  return { items: items.map(toItem), nextCursor: encode(next) }
}

/**
 * The snapshot, or if it is too long the one of its horizon, in which less is visible: then some changes are repeated.
 */
export function cutSnapshot(snapshot: string): string {
  const [xmin = ''] = snapshot.split(':')
  return snapshot.length <= maxSnapshotLength ? snapshot : `${xmin}:${xmin}:`
}

function encode({ known, knownAt, within }: Cursor): string {
  const { xid = null, id = null, until = null, untilAt = null } = within ?? {}
  return encodeCursor([known, knownAt, xid, id, until, untilAt])
}

function decode(text: string): Cursor {
  const [known, knownAt, xid, id, until, untilAt] = decodeCursor(text, [
    'string?',
    'number',
    'string?',
    'number?',
    'string?',
    'number?',
  ])
  if (known !== null && !isSnapshot(known)) throw new AppError('invalid-cursor')
  if (xid === null || id === null || until === null || untilAt === null) return { known, knownAt, within: null }
  if (!transactionId.test(xid) || !isSnapshot(until)) throw new AppError('invalid-cursor')
  return { known, knownAt, within: { xid, id, until, untilAt } }
}

/** PostgreSQL's text form of `pg_snapshot`: `xmin:xmax:` and the transactions in progress between them, ascending. */
function isSnapshot(text: string): boolean {
  const [xmin = '', xmax = '', inProgress, ...rest] = text.split(':')
  if (inProgress === undefined || rest.length > 0) return false
  const ids = [xmin, ...(inProgress === '' ? [] : inProgress.split(',')), xmax]
  if (xmin === '0' || !ids.every((id) => transactionId.test(id))) return false
  return ids.every((id, i) => i === 0 || BigInt(ids[i - 1] ?? 0) <= BigInt(id))
}

function toItem(change: PublishedChange) {
  const { id, accountId, version, kind, role, privilegeLevel, plan, planExpiresAt, overrides, status } = change
  const { sessionId, exceptSessionId, catalogueVersion, at } = change
  return {
    id,
    accountId,
    version,
    kind,
    role,
    privilegeLevel,
    plan,
    pex: planExpiresAt,
    overrides,
    status,
    sessionId,
    exceptSessionId,
    catalogueVersion,
    at,
  }
}
