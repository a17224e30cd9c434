import { createHash } from 'node:crypto'
import type { Audit } from './record.ts'

/** A signed list of rows, in order, with the MAC of the checkpoint before it: a hash chain. */
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
/** A checkpoint as it is logged: enough to prove later that the end of the trail was cut. */
export type CheckpointLine = { id: number; rowCount: number; digest: string; mac: string }

/** The most rows of one checkpoint. */
export const maxRowsOfCheckpoint = 5_000

/** A checkpoint as read from the database: untrusted. */
type Read = Omit<Checkpoint, 'sealedAt' | 'auditIds' | 'mac'> & {
  sealedAt: string | null
  auditIds: string[] | null
  mac: Buffer | null
}

/**
 * Verifies a checkpoint's MAC: valid (`ours`), of a key that is not configured here (`unknown-key`), or invalid
 * (`unsigned`).
 */
export function verifySignature(audit: Audit, { mac, auditIds, ...rest }: Read): 'ours' | 'unknown-key' | 'unsigned' {
  if (auditIds === null) return 'unsigned'
  const expected = audit.signAs(rest.keyId, checkpointText({ ...rest, auditIds, sealedAt: toIso(rest.sealedAt) }))
  if (!expected) return 'unknown-key'
  return isSame(expected, mac) ? 'ours' : 'unsigned'
}

/** SHA-256 over the rows' MACs, in order. */
export function digestOf(macs: Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const mac of macs) hash.update(mac)
  return hash.digest()
}

/** The text that a checkpoint's MAC covers: every column, the time as text. */
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

/** A checkpoint as it is logged, so that copies exist outside the database. */
export function toLine({ id, rowCount, digest, mac }: Checkpoint): CheckpointLine {
  return { id, rowCount, digest: digest.toString('hex'), mac: mac.toString('hex') }
}

/** An epoch with microseconds as ISO text; values that this program never writes are returned unchanged. */
export function toIso(epoch: string | null): string {
  const milliseconds = /^\d+\.\d{3}000$/.test(epoch ?? '') ? Number(epoch) * 1000 : Number.NaN
  return milliseconds <= 8.64e15 ? new Date(Math.round(milliseconds)).toISOString() : String(epoch)
}

/** Whether two stored values are equal; null equals null only. */
export function isSame(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}
