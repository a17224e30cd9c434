import type { Tx } from '../db/types.ts'
import {
  type Checkpoint,
  type CheckpointLine,
  checkpointText,
  digestOf,
  isSame,
  maxRowsOfCheckpoint,
  toLine,
  verifySignature,
} from './checkpoints.ts'
import type { AuditDeps } from './deps.ts'
import { type FoundCheckpoint, insertCheckpoint, listCheckpointsBack, lockSealing, takeUnsealed } from './queries.ts'
import type { Audit } from './record.ts'

/**
 * Seals every row that no checkpoint covers yet. `audit verify` finds sealed rows that are edited, deleted, reordered or
 * cut afterwards. A row whose transaction is still open is sealed by a later checkpoint.
 * @returns the checkpoints, for `logCheckpoints` after the commit
 */
export async function sealAudit(tx: Tx, deps: Pick<AuditDeps, 'audit' | 'now'>): Promise<CheckpointLine[]> {
  await lockSealing(tx)
  const lines: CheckpointLine[] = []
  let end: End | null = null
  for (let taken = maxRowsOfCheckpoint; taken === maxRowsOfCheckpoint; ) {
    const rows = await takeUnsealed(tx, maxRowsOfCheckpoint)
    taken = rows.length
    if (taken === 0) break
    end ??= await findEnd(tx, deps.audit)
    const checkpoint = signCheckpoint(deps, end, rows)
    await insertCheckpoint(tx, checkpoint)
    lines.push(toLine(checkpoint))
    end = { ...end, id: checkpoint.id, mac: checkpoint.mac }
  }
  return lines
}

/** Logs checkpoints whatever LOG_LEVEL is: a copy outside the database shows when the end of the trail was cut. */
export function logCheckpoints({ log }: Pick<AuditDeps, 'log'>, lines: CheckpointLine[]): void {
  for (const checkpoint of lines) log.logAlways({ checkpoint }, 'audit checkpoint')
}

/** The checkpoint that the next one continues, and numbers after it that are taken. */
type End = { id: number; mac: Buffer | null; taken: ReadonlySet<number> }

/**
 * Finds the last checkpoint with a valid signature: a forged one must not be continued. Another instance may already sign
 * with a newer key, so a checkpoint of an unknown key is continued too, if it has the next number and names the one
 * before it. Should it be forged after all, verification reports it and goes on.
 */
async function findEnd(tx: Tx, audit: Audit): Promise<End> {
  const { ours, others } = await findLastOurs(tx, audit)
  const taken = new Set<number>()
  let end = ours
  for (const other of others.reverse()) {
    if (other.isOfUnknownKey && other.id === nextNumber(end.id, taken) && isSame(other.previousMac, end.mac))
      end = { id: other.id, mac: other.mac }
    else taken.add(other.id)
  }
  return { ...end, taken }
}

type Other = { id: number; isOfUnknownKey: boolean; previousMac: Buffer | null; mac: Buffer | null }

/** The last valid checkpoint, and those after it, newest first. */
async function findLastOurs(tx: Tx, audit: Audit): Promise<{ ours: Omit<End, 'taken'>; others: Other[] }> {
  const others: Other[] = []
  let before: string | null = null
  for (let limit = 1; ; limit = 50) {
    const checkpoints: FoundCheckpoint[] = await listCheckpointsBack(tx, before, limit)
    for (const checkpoint of checkpoints) {
      const { id, previousMac, mac } = checkpoint
      const signature = verifySignature(audit, checkpoint)
      if (signature === 'ours') return { ours: { id, mac }, others }
      others.push({ id, isOfUnknownKey: signature === 'unknown-key', previousMac, mac })
    }
    if (checkpoints.length < limit) return { ours: { id: 0, mac: null }, others }
    before = checkpoints.at(-1)?.number ?? null
  }
}

function nextNumber(after: number, taken: ReadonlySet<number>): number {
  let id = after + 1
  while (taken.has(id)) id++
  return id
}

function signCheckpoint(
  { audit, now }: Pick<AuditDeps, 'audit' | 'now'>,
  end: End,
  rows: { id: string; mac: Buffer }[],
): Checkpoint {
  const sealedAt = new Date(Math.floor(now()))
  const unsigned = {
    id: nextNumber(end.id, end.taken),
    rowCount: rows.length,
    auditIds: rows.map((row) => row.id),
    digest: digestOf(rows.map(({ mac }) => mac)),
    previousMac: end.mac,
    keyId: audit.keyId,
  }
  const mac = audit.sign(checkpointText({ ...unsigned, sealedAt: sealedAt.toISOString() }))
  return { ...unsigned, sealedAt, mac }
}
