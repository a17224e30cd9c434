import { createHash } from 'node:crypto'
import type { Tx } from '../db.ts'
import type { Deps } from '../deps.ts'
import { findLastCheckpoint, insertCheckpoint, lockSealing, takeUnsealed } from './queries.ts'

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
/** A checkpoint as it goes to the log: enough to show later that the trail was cut behind it. */
export type CheckpointLine = { id: number; rowCount: number; digest: string; mac: string }

/** Rows that one checkpoint covers at the most. */
const MaxRows = 5_000

/**
 * Seals every row that no checkpoint covers yet, one sealer at a time. Whoever edits, deletes, reorders or cuts sealed
 * rows afterwards is found by `audit verify`. A row whose transaction is still open is sealed by a later checkpoint.
 * @returns the checkpoints, to be told by `logCheckpoints` once they are committed
 */
export async function sealAudit(tx: Tx, deps: Pick<Deps, 'audit' | 'now'>): Promise<CheckpointLine[]> {
  await lockSealing(tx)
  const lines: CheckpointLine[] = []
  let last = await findLastCheckpoint(tx)
  for (let taken = MaxRows; taken === MaxRows; ) {
    const rows = await takeUnsealed(tx, MaxRows)
    taken = rows.length
    if (taken === 0) break
    const checkpoint = signCheckpoint(deps, last, rows)
    await insertCheckpoint(tx, checkpoint)
    lines.push(toLine(checkpoint))
    last = checkpoint
  }
  return lines
}

/** Tells the log, out of reach of whoever holds the database, whatever LOG_LEVEL says: without them a cut tail is not seen. */
export function logCheckpoints({ log }: Pick<Deps, 'log'>, lines: CheckpointLine[]): void {
  for (const checkpoint of lines) log.attest({ checkpoint }, 'audit checkpoint')
}

function signCheckpoint(
  { audit, now }: Pick<Deps, 'audit' | 'now'>,
  last: Checkpoint | null,
  rows: { id: string; mac: Buffer }[],
): Checkpoint {
  const sealedAt = new Date(Math.floor(now()))
  const unsigned = {
    id: (last?.id ?? 0) + 1,
    rowCount: rows.length,
    auditIds: rows.map(({ id }) => id),
    digest: digestOf(rows.map(({ mac }) => mac)),
    previousMac: last?.mac ?? null,
    keyId: audit.keyId,
  }
  const mac = audit.sign(checkpointText({ ...unsigned, sealedAt: sealedAt.toISOString() }))
  return { ...unsigned, sealedAt, mac }
}

/** SHA-256 over the rows' MACs, in order. */
export function digestOf(macs: Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const mac of macs) hash.update(mac)
  return hash.digest()
}

/** What a checkpoint's MAC covers: every column, the time as text. */
export function checkpointText({
  id,
  sealedAt,
  rowCount,
  auditIds,
  digest,
  previousMac,
  keyId,
}: Omit<Checkpoint, 'mac' | 'sealedAt'> & { sealedAt: string }): string {
  return JSON.stringify([
    id,
    sealedAt,
    rowCount,
    auditIds,
    digest.toString('hex'),
    previousMac?.toString('hex') ?? null,
    keyId,
  ])
}

function toLine({ id, rowCount, digest, mac }: Checkpoint): CheckpointLine {
  return { id, rowCount, digest: digest.toString('hex'), mac: mac.toString('hex') }
}
