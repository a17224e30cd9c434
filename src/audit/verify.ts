import { z } from 'zod'
import type { Db } from '../db.ts'
import type { Deps } from '../deps.ts'
import {
  type FoundCheckpoint,
  type FoundRow,
  findStrayPersonal,
  findStrayRow,
  listCheckpoints,
  listSealedRows,
  listUnsealedRows,
  type Stray,
} from './queries.ts'
import { type Audit, auditText, hashPersonal } from './record.ts'
import { type CheckpointLine, checkpointText, digestOf } from './seal.ts'

export type Verdict = { ok: true; rows: number; checkpoints: number; unsealed: number } | { ok: false; fault: string }

/** Rows read at once. */
const BatchSize = 5_000

/**
 * Walks the whole trail, as it is at one moment, and names the first thing that is wrong: an edited, deleted, added or
 * reordered row, a broken chain, a cut tail (with a `witness` from the log). Unseen go the deletion of a row that was
 * not sealed yet, and of a side row: that is what erasure does.
 * @param witness a checkpoint as the log told it
 * @param progress called after each checkpoint, and waited for
 */
export function verifyAudit(
  { sql, audit }: Pick<Deps, 'sql' | 'audit'>,
  witness: CheckpointLine | null,
  progress: (rows: number) => unknown = () => {},
): Promise<Verdict> {
  return sql.begin(async (tx) => {
    // One snapshot: what is written and sealed meanwhile would look like a fault.
    await tx`set transaction isolation level repeatable read, read only`
    return judgeTrail(tx, audit, witness, progress)
  })
}

/** The same within a transaction. */
export async function judgeTrail(
  tx: Db,
  audit: Audit,
  witness: CheckpointLine | null,
  progress: (rows: number) => unknown = () => {},
): Promise<Verdict> {
  let previous: FoundCheckpoint | null = null
  let rows = 0
  for (;;) {
    const checkpoints: FoundCheckpoint[] = await listCheckpoints(tx, previous?.id ?? 0, 50)
    if (checkpoints.length === 0) break
    for (const checkpoint of checkpoints) {
      const fault =
        judgeCheckpoint(audit, checkpoint, previous) ??
        (await judgeSealed(tx, audit, checkpoint)) ??
        judgeWitness(checkpoint, witness)
      if (fault) return { ok: false, fault }
      rows += checkpoint.rowCount
      previous = checkpoint
      await progress(rows)
    }
  }
  const last = previous?.id ?? 0
  if (witness && last < witness.id)
    return {
      ok: false,
      fault: `the trail ends at checkpoint ${last}, but checkpoint ${witness.id} was written: its tail was cut`,
    }
  const unsealed = await judgeUnsealed(tx, audit)
  if (typeof unsealed === 'string') return { ok: false, fault: unsealed }
  const stray = await findStrayRow(tx)
  if (stray) return { ok: false, fault: describeStray(stray) }
  const orphan = await findStrayPersonal(tx)
  if (orphan) return { ok: false, fault: `personal data of row ${orphan} are there, but the row is not` }
  return { ok: true, rows, checkpoints: last, unsealed }
}

export function describeVerdict(verdict: Verdict): string {
  return verdict.ok
    ? `The audit trail is whole: ${verdict.rows} rows in ${verdict.checkpoints} checkpoints, ${verdict.unsealed} not sealed yet.`
    : `The audit trail was tampered with: ${verdict.fault}.`
}

function judgeCheckpoint(audit: Audit, checkpoint: FoundCheckpoint, previous: FoundCheckpoint | null): string | null {
  const name = `checkpoint ${checkpoint.id}`
  if (checkpoint.id !== (previous?.id ?? 0) + 1)
    return `${name} follows ${previous?.id ?? 0}: one between them is missing`
  const mac = audit.signAs(checkpoint.keyId, checkpointText({ ...checkpoint, sealedAt: toIso(checkpoint.sealedAt) }))
  if (!mac) return describeUnknownKey(name, checkpoint.keyId)
  if (!isSame(mac, checkpoint.mac)) return `${name} was edited`
  if (!isSame(checkpoint.previousMac, previous?.mac ?? null)) return `${name} does not continue the one before it`
  return null
}

async function judgeSealed(tx: Db, audit: Audit, checkpoint: FoundCheckpoint): Promise<string | null> {
  const byId = new Map((await listSealedRows(tx, checkpoint.auditIds)).map((row) => [row.id, row]))
  const macs: Buffer[] = []
  for (const id of checkpoint.auditIds) {
    const row = byId.get(id)
    if (!row) return `row ${id} was deleted (checkpoint ${checkpoint.id})`
    const fault = judgeRow(audit, row)
    if (fault) return fault
    if (row.mac) macs.push(row.mac)
  }
  return isSame(digestOf(macs), checkpoint.digest)
    ? null
    : `the rows of checkpoint ${checkpoint.id} are not those that it sealed`
}

/** How many rows wait to be sealed, or what is wrong with one of them. */
async function judgeUnsealed(tx: Db, audit: Audit): Promise<number | string> {
  let count = 0
  let after: string | null = null
  for (;;) {
    const rows: FoundRow[] = await listUnsealedRows(tx, after, BatchSize)
    for (const row of rows) {
      const fault = judgeRow(audit, row)
      if (fault) return fault
    }
    count += rows.length
    after = rows.at(-1)?.id ?? null
    if (rows.length < BatchSize) return count
  }
}

function judgeRow(audit: Audit, row: FoundRow): string | null {
  const { action, entityType, details, personalHash, keyId } = row
  if (keyId === null || action === null || entityType === null || details === null || personalHash === null)
    return `row ${row.id} was edited`
  const mac = audit.signAs(
    keyId,
    auditText({ ...row, at: toIso(row.at), action, entityType, details, personalHash, keyId }),
  )
  if (!mac) return describeUnknownKey(`row ${row.id}`, keyId)
  if (!isSame(mac, row.mac)) return `row ${row.id} was edited`
  // Erased or archived personal data leave no side row; what is there must be what was written.
  if (!row.hasPersonal) return null
  const { salt, personal, accountId } = row
  return salt && personal !== null && isSame(hashPersonal(salt, accountId, personal), personalHash)
    ? null
    : `the personal data of row ${row.id} were edited`
}

function describeUnknownKey(name: string, keyId: string): string {
  return `${name} was signed with the key ${keyId}, which is not AUDIT_KEY nor in AUDIT_KEY_PREVIOUS`
}

function judgeWitness(checkpoint: FoundCheckpoint, witness: CheckpointLine | null): string | null {
  if (checkpoint.id !== witness?.id) return null
  return checkpoint.mac?.toString('hex') === witness.mac
    ? null
    : `checkpoint ${checkpoint.id} is not the one that was written`
}

function describeStray({ id, held, covered }: Stray): string {
  if (held === 0) return `row ${id} was deleted, before it was sealed`
  if (held > 1) return `row ${id} is there ${held} times: it was added`
  return covered === 0
    ? `row ${id} was added: no checkpoint covers it, and it does not wait for one`
    : `row ${id} is covered ${covered} times: it was put among those that wait to be sealed`
}

/** The ISO text of an epoch with microseconds; of anything that we never write, the thing itself. */
function toIso(epoch: string | null): string {
  const milliseconds = /^\d+\.\d{3}000$/.test(epoch ?? '') ? Number(epoch) * 1000 : Number.NaN
  return milliseconds <= 8.64e15 ? new Date(Math.round(milliseconds)).toISOString() : String(epoch)
}

function isSame(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}

/** A checkpoint line from the log, or the checkpoint in it. @throws Error when it is neither */
export function toWitness(line: unknown): CheckpointLine {
  const parsed = z.union([WitnessShape, z.object({ checkpoint: WitnessShape })]).safeParse(line)
  if (!parsed.success) throw new Error('That file holds no checkpoint: pass the "audit checkpoint" line of the log.')
  return 'checkpoint' in parsed.data ? parsed.data.checkpoint : parsed.data
}

const WitnessShape = z.object({ id: z.int().min(1), rowCount: z.int().min(1), digest: z.hex(), mac: z.hex() })
