import { z } from 'zod'
import type { Db } from '../db/types.ts'
import { createChain } from './chain.ts'
import { type CheckpointLine, digestOf, isSame, toIso } from './checkpoints.ts'
import type { AuditDeps } from './deps.ts'
import { createFaults, describeUnknownKey, type Faults } from './faults.ts'
import {
  type FoundCheckpoint,
  type FoundRow,
  listCheckpoints,
  listSealedRows,
  listStrayPersonal,
  listStrayRows,
  listUnsealedRows,
  type Stray,
} from './queries.ts'
import { type Audit, auditText, hashPersonal } from './record.ts'

/** `fault`: all that is wrong, one after the other; of very many the first. */
export type Verdict = { ok: true; rows: number; checkpoints: number; unsealed: number } | { ok: false; fault: string }

/** Rows read at once. */
const BatchSize = 5_000

/**
 * Walks the whole trail, as it is at one moment, and names what is wrong: an edited, deleted, added or reordered row, a
 * broken chain, a checkpoint that nobody signed, a cut tail (with a `witness` from the log). It stops at none of them. Unseen
 * go the deletion of a row that was not sealed yet, and of a side row: that is what erasure does.
 * @param witness a checkpoint as the log told it
 * @param progress called after each checkpoint, and waited for
 */
export function verifyAudit(
  { sql, audit }: Pick<AuditDeps, 'sql' | 'audit'>,
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
  const faults = createFaults()
  const chain = createChain(audit, witness, faults)
  for (let after: string | null = null; ; ) {
    const checkpoints: FoundCheckpoint[] = await listCheckpoints(tx, after, 50)
    for (const checkpoint of checkpoints) {
      if (!chain.add(checkpoint)) continue
      await judgeSealed(tx, audit, checkpoint, faults)
      await progress(chain.rows())
    }
    if (checkpoints.length < 50) break
    after = checkpoints.at(-1)?.number ?? null
  }
  chain.end()
  const unsealed = await judgeUnsealed(tx, audit, faults)
  for (const stray of await listStrayRows(tx, chain.unsigned(), faults.room())) faults.add(describeStray(stray))
  for (const id of await listStrayPersonal(tx, faults.room()))
    faults.add(`personal data of row ${id} are there, but the row is not`)
  const fault = faults.told()
  return fault ? { ok: false, fault } : { ok: true, rows: chain.rows(), checkpoints: chain.length(), unsealed }
}

export function describeVerdict(verdict: Verdict): string {
  return verdict.ok
    ? `The audit trail is whole: ${verdict.rows} rows in ${verdict.checkpoints} checkpoints, ${verdict.unsealed} not sealed yet.`
    : `The audit trail was tampered with: ${verdict.fault}.`
}

async function judgeSealed(tx: Db, audit: Audit, checkpoint: FoundCheckpoint, faults: Faults): Promise<void> {
  const ids = checkpoint.auditIds ?? []
  const byId = new Map((await listSealedRows(tx, ids)).map((row) => [row.id, row]))
  const macs: Buffer[] = []
  let isWhole = true
  for (const id of ids) {
    const row = byId.get(id)
    const fault = row ? judgeRow(audit, row) : `row ${id} was deleted (checkpoint ${checkpoint.id})`
    if (fault) {
      faults.add(fault)
      isWhole = false
    } else if (row?.mac) macs.push(row.mac)
  }
  if (isWhole && !isSame(digestOf(macs), checkpoint.digest))
    faults.add(`the rows of checkpoint ${checkpoint.id} are not those that it sealed`)
}

/** @returns how many rows wait to be sealed */
async function judgeUnsealed(tx: Db, audit: Audit, faults: Faults): Promise<number> {
  let count = 0
  let after: string | null = null
  for (;;) {
    const rows: FoundRow[] = await listUnsealedRows(tx, after, BatchSize)
    for (const row of rows) {
      const fault = judgeRow(audit, row)
      if (fault) faults.add(fault)
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
  const isWhole =
    (!row.hasPersonal || covers(personalHash, row.salt, row.accountId, row.personal)) &&
    (!row.hasSubject || covers(row.subjectHash, row.subjectSalt, row.subjectAccountId, row.subject))
  return isWhole ? null : `the personal data of row ${row.id} were edited`
}

function covers(hash: Buffer | null, salt: Buffer | null, accountId: string | null, data: string | null): boolean {
  return hash !== null && salt !== null && data !== null && isSame(hashPersonal(salt, accountId, data), hash)
}

function describeStray({ id, held, covered }: Stray): string {
  if (held === 0) return `row ${id} was deleted, before it was sealed`
  if (held > 1) return `row ${id} is there ${held} times: it was added`
  return covered === 0
    ? `row ${id} was added: no checkpoint covers it, and it does not wait for one`
    : `row ${id} is covered ${covered} times: it was put among those that wait to be sealed`
}

/** A checkpoint line from the log, or the checkpoint in it. @throws Error when it is neither */
export function toWitness(line: unknown): CheckpointLine {
  const parsed = z.union([WitnessShape, z.object({ checkpoint: WitnessShape })]).safeParse(line)
  if (!parsed.success) throw new Error('That file holds no checkpoint: pass the "audit checkpoint" line of the log.')
  return 'checkpoint' in parsed.data ? parsed.data.checkpoint : parsed.data
}

const WitnessShape = z.object({ id: z.int().min(1), rowCount: z.int().min(1), digest: z.hex(), mac: z.hex() })
