import type { Actor } from '../../access/actor.ts'
import { auditTrail } from '../../audit/actor.ts'
import { readFromReplica } from '../../db/replica.ts'
import type { Slice } from '../../http/output/page.ts'
import type { AdminDeps } from '../deps.ts'
import { type AuditFilter, type AuditListItem, listAudit } from './queries.ts'

const batchSize = 500
const columns = [
  'id',
  'at',
  'actorId',
  'action',
  'entityType',
  'entityId',
  'requestId',
  'ipAddress',
  'userAgent',
  'details',
  'before',
  'after',
] as const

/** A page of the whole trail. The search itself is audited after it was read. */
export async function searchAudit(
  deps: AdminDeps,
  actor: Actor,
  filter: AuditFilter,
  { limit, after }: Slice<string>,
): Promise<AuditListItem[]> {
  const rows = await readFromReplica(deps, actor.principal.accountId, (sql) => listAudit(sql, filter, limit, after))
  await recordReading(deps, actor, filter, 'json')
  return rows
}

/** The format of a streamed trail, the row after which it begins, and the most rows that it has. */
type Streaming = { format: 'ndjson' | 'csv'; after: string | null; limit?: number | undefined }

/**
 * The whole trail as a stream of NDJSON lines or CSV rows, read in batches: memory stays constant.
 * @throws AppError `rate-limited` while the actor has other streams open, `overloaded` while too many are open
 */
export async function streamAudit(
  deps: AdminDeps,
  actor: Actor,
  filter: AuditFilter,
  streaming: Streaming,
): Promise<ReadableStream<Uint8Array>> {
  return deps.streams.open(actor.principal.accountId, async () => {
    await recordReading(deps, actor, filter, streaming.format)
    return piecesOf(deps, actor, filter, streaming)
  })
}

async function* piecesOf(
  deps: AdminDeps,
  actor: Actor,
  filter: AuditFilter,
  { format, after, limit = Number.POSITIVE_INFINITY }: Streaming,
): AsyncGenerator<string> {
  const csv = format === 'csv' ? await import('csv-stringify/sync') : null
  if (csv) yield csv.stringify([[...columns]])
  let left = limit
  for (let last = after; ; ) {
    const size = Math.min(batchSize, left)
    const rows: AuditListItem[] = await readFromReplica(deps, actor.principal.accountId, (sql) =>
      listAudit(sql, filter, size, last),
    )
    last = rows.at(-1)?.id ?? null
    // Cells that a spreadsheet would run as a formula are escaped.
    if (rows.length > 0)
      yield csv
        ? csv.stringify(rows.map(toCells), { escape_formulas: true })
        : rows.map((row) => `${JSON.stringify(row)}\n`).join('')
    left -= rows.length
    if (rows.length < size || left === 0) return
  }
}

function toCells(row: AuditListItem): string[] {
  return columns.map((column) => {
    const value = row[column]
    if (value === null) return ''
    return value instanceof Date ? value.toISOString() : typeof value === 'object' ? JSON.stringify(value) : value
  })
}

function recordReading(deps: AdminDeps, actor: Actor, { ip, ...details }: AuditFilter, format: string): Promise<void> {
  // The searched address is not stored: it is personal data that an erasure would not reach here.
  const kept = { ...details, format, byAddress: ip !== undefined }
  return deps.audit.record(deps.sql, actor, 'audit.read', auditTrail, { details: kept })
}
