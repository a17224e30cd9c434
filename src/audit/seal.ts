import { createHash } from 'node:crypto'
import type { Deps } from '../deps.ts'
import { findLastCheckpoint, insertCheckpoint, takeUnsealed } from './queries.ts'

/** A signed statement of which rows the trail held, in their order; each names the one before it. */
export type Checkpoint = {
  id: number
  sealedAt: Date
  rowCount: number
  auditIds: string[]
  digest: Buffer
  previousMac: Buffer | null
  keyId: string
  mac: Buffer
}

/** Rows that one checkpoint covers at the most. */
const MaxRows = 5_000

/**
 * Seals the rows that no checkpoint covers yet. Whoever edits, deletes, reorders or cuts sealed rows afterwards is found
 * by `audit verify`. The checkpoint also goes to the log, out of reach of whoever holds the database.
 * @returns how many rows were sealed
 */
export async function sealAudit(deps: Deps): Promise<number> {
  const checkpoint = await deps.sql.begin(async (tx) => {
    const last = await findLastCheckpoint(tx)
    const rows = await takeUnsealed(tx, MaxRows)
    if (rows.length === 0) return null
    const unsigned = {
      id: (last?.id ?? 0) + 1,
      sealedAt: new Date(Math.floor(deps.now())),
      rowCount: rows.length,
      auditIds: rows.map(({ id }) => id),
      digest: digestOf(rows.map(({ mac }) => mac)),
      previousMac: last?.mac ?? null,
      keyId: deps.audit.keyId,
    }
    const sealed: Checkpoint = { ...unsigned, mac: deps.audit.sign(checkpointText(unsigned)) }
    await insertCheckpoint(tx, sealed)
    return sealed
  })
  if (!checkpoint) return 0
  deps.log.info({ checkpoint: toLine(checkpoint) }, 'audit checkpoint')
  return checkpoint.rowCount
}

/** SHA-256 over the rows' MACs, in order. */
export function digestOf(macs: Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const mac of macs) hash.update(mac)
  return hash.digest()
}

/** What a checkpoint's MAC covers. */
export function checkpointText({
  id,
  sealedAt,
  rowCount,
  auditIds,
  digest,
  previousMac,
  keyId,
}: Omit<Checkpoint, 'mac'>): string {
  return JSON.stringify([
    id,
    sealedAt.toISOString(),
    rowCount,
    auditIds,
    digest.toString('hex'),
    previousMac?.toString('hex') ?? null,
    keyId,
  ])
}

/** A checkpoint as it goes to the log: enough to show later that the trail was cut behind it. */
export function toLine({ id, rowCount, digest, mac }: Checkpoint): {
  id: number
  rowCount: number
  digest: string
  mac: string
} {
  return { id, rowCount, digest: digest.toString('hex'), mac: mac.toString('hex') }
}
