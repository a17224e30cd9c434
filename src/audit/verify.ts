import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Deps } from '../deps.ts'
import { countRows, listCheckpoints, listSealedRows, listUnsealedRows, type VerifiableRow } from './queries.ts'
import { auditText } from './record.ts'
import { type Checkpoint, checkpointText, digestOf } from './seal.ts'

export type Verdict = { ok: true; rows: number; checkpoints: number; unsealed: number } | { ok: false; fault: string }

/** A checkpoint that was kept elsewhere, as the log told it. */
export type Witness = { id: number; rowCount: number; digest: string; mac: string }

/**
 * Walks the whole trail and names the first thing that is wrong: an edited, deleted, added or reordered row, a broken
 * chain, a cut tail (with a `witness` from the log). Only the deletion of a row that was not sealed yet goes unseen.
 */
export async function verifyAudit(
  deps: Deps,
  witness: Witness | null,
  progress: (rows: number) => void = () => {},
): Promise<Verdict> {
  let previous: Checkpoint | null = null
  let rows = 0
  for (;;) {
    const checkpoints: Checkpoint[] = await listCheckpoints(deps.sql, previous?.id ?? 0, 50)
    if (checkpoints.length === 0) break
    for (const checkpoint of checkpoints) {
      const fault =
        judgeCheckpoint(deps, checkpoint, previous) ??
        (await judgeRows(deps, checkpoint)) ??
        judgeWitness(checkpoint, witness)
      if (fault) return { ok: false, fault }
      rows += checkpoint.rowCount
      previous = checkpoint
      progress(rows)
    }
  }
  if (witness && (previous?.id ?? 0) < witness.id)
    return {
      ok: false,
      fault: `the trail ends at checkpoint ${previous?.id ?? 0}, but checkpoint ${witness.id} was written: its tail was cut`,
    }
  for (const row of await listUnsealedRows(deps.sql, 100_000)) {
    const fault = judgeRow(deps, row)
    if (fault) return { ok: false, fault }
  }
  const counted = await countRows(deps.sql)
  if (counted.rows !== rows + counted.unsealed)
    return {
      ok: false,
      fault: `the trail holds ${counted.rows} rows, but ${rows} are sealed and ${counted.unsealed} wait to be: rows were added`,
    }
  return { ok: true, rows, checkpoints: previous?.id ?? 0, unsealed: counted.unsealed }
}

function judgeCheckpoint(deps: Deps, checkpoint: Checkpoint, previous: Checkpoint | null): string | null {
  const name = `checkpoint ${checkpoint.id}`
  if (checkpoint.id !== (previous?.id ?? 0) + 1)
    return `${name} follows ${previous?.id ?? 0}: one between them is missing`
  if (checkpoint.keyId !== deps.audit.keyId)
    return `${name} was signed with the key ${checkpoint.keyId}, which is not AUDIT_KEY`
  if (!deps.audit.sign(checkpointText(checkpoint)).equals(checkpoint.mac)) return `${name} was edited`
  if (!isSame(checkpoint.previousMac, previous?.mac ?? null)) return `${name} does not continue the one before it`
  return null
}

async function judgeRows(deps: Deps, checkpoint: Checkpoint): Promise<string | null> {
  const byId = new Map((await listSealedRows(deps.sql, checkpoint.auditIds)).map((row) => [row.id, row]))
  const macs: Buffer[] = []
  for (const id of checkpoint.auditIds) {
    const row = byId.get(id)
    if (!row) return `row ${id} was deleted (checkpoint ${checkpoint.id})`
    const fault = judgeRow(deps, row)
    if (fault) return fault
    macs.push(row.mac)
  }
  return digestOf(macs).equals(checkpoint.digest)
    ? null
    : `the rows of checkpoint ${checkpoint.id} are not those that it sealed`
}

function judgeRow(deps: Deps, row: VerifiableRow): string | null {
  if (row.keyId !== deps.audit.keyId)
    return `row ${row.id} was signed with the key ${row.keyId}, which is not AUDIT_KEY`
  if (!deps.audit.sign(auditText(row)).equals(row.mac)) return `row ${row.id} was edited`
  // Erased or archived personal data leave no side row; what is there must be what was written.
  if (row.personal === null || row.salt === null) return null
  const hash = createHash('sha256').update(row.salt).update(row.personal).digest()
  return hash.equals(row.personalHash) ? null : `the personal data of row ${row.id} were edited`
}

function judgeWitness(checkpoint: Checkpoint, witness: Witness | null): string | null {
  if (checkpoint.id !== witness?.id) return null
  return checkpoint.mac.toString('hex') === witness.mac
    ? null
    : `checkpoint ${checkpoint.id} is not the one that was written`
}

function isSame(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}

/** A checkpoint line from the log, or the checkpoint in it. @throws Error when it is neither */
export function toWitness(line: { checkpoint?: unknown }): Witness {
  const parsed = WitnessShape.safeParse(line.checkpoint ?? line)
  if (!parsed.success) throw new Error('That file holds no checkpoint: pass the "audit checkpoint" line of the log.')
  return parsed.data
}

const WitnessShape = z.object({ id: z.int().min(1), rowCount: z.int().min(1), digest: z.hex(), mac: z.hex() })
