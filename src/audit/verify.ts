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
  listOrphanPersonal,
  listOrphanRows,
  listSealedRows,
  listUnsealedRows,
  type OrphanRow,
} from './queries.ts'
import { type Audit, auditText, hashPersonal } from './record.ts'

/** `fault`: everything that is wrong, in order; only the first 20 faults. */
export type Verdict = { ok: true; rows: number; checkpoints: number; unsealed: number } | { ok: false; fault: string }

const rowsPerRead = 5_000

/**
 * Verifies the whole trail in one snapshot, and reports every fault: an edited, deleted, added or reordered row, a broken
 * chain, a forged checkpoint, a cut tail (with a `logged` checkpoint). Two deletions are not found: of a row that was not
 * sealed yet, and of a side row, because erasure deletes those.
 * @param logged a checkpoint from the log
 * @param progress called after each checkpoint, and awaited
 */
export function verifyAudit(
  { sql, audit }: Pick<AuditDeps, 'sql' | 'audit'>,
  logged: CheckpointLine | null,
  progress: (rows: number) => unknown = () => {},
): Promise<Verdict> {
  return sql.begin(async (tx) => {
    // One snapshot: rows that are written and sealed meanwhile would look like faults.
    await tx`set transaction isolation level repeatable read, read only`
    return verifyTrail(tx, audit, logged, progress)
  })
}

/** verifyAudit within a transaction of the caller. */
export async function verifyTrail(
  tx: Db,
  audit: Audit,
  logged: CheckpointLine | null,
  progress: (rows: number) => unknown = () => {},
): Promise<Verdict> {
  const faults = createFaults()
  const chain = createChain(audit, logged, faults)
  for (let after: string | null = null; ; ) {
    const checkpoints: FoundCheckpoint[] = await listCheckpoints(tx, after, 50)
    for (const checkpoint of checkpoints) {
      if (!chain.add(checkpoint)) continue
      await verifySealed(tx, audit, checkpoint, faults)
      await progress(chain.rows())
    }
    if (checkpoints.length < 50) break
    after = checkpoints.at(-1)?.number ?? null
  }
  chain.end()
  const unsealed = await verifyUnsealed(tx, audit, faults)
  for (const orphan of await listOrphanRows(tx, chain.unsigned(), faults.room())) faults.add(describeOrphan(orphan))
  for (const id of await listOrphanPersonal(tx, faults.room()))
    faults.add(`personal data of row ${id} are there, but the row is not`)
  const fault = faults.summary()
  return fault ? { ok: false, fault } : { ok: true, rows: chain.rows(), checkpoints: chain.length(), unsealed }
}

/** The sentence that `manas360 audit verify` prints. */
export function describeVerdict(verdict: Verdict): string {
  return verdict.ok
    ? `The audit trail is whole: ${verdict.rows} rows in ${verdict.checkpoints} checkpoints, ${verdict.unsealed} not sealed yet.`
    : `The audit trail was tampered with: ${verdict.fault}.`
}

/**
 * Verifies the rows of a checkpoint whose signature is valid.
 * @param perRead how many rows are read, and then verified, at once
 */
export async function verifySealed(
  tx: Db,
  audit: Audit,
  checkpoint: FoundCheckpoint,
  faults: Faults,
  perRead = rowsPerRead,
): Promise<void> {
  const ids = checkpoint.auditIds ?? []
  const macs: Buffer[] = []
  let isWhole = true
  for (let from = 0; from < ids.length; from += perRead) {
    const some = ids.slice(from, from + perRead)
    const byId = new Map((await listSealedRows(tx, some)).map((row) => [row.id, row]))
    for (const id of some) {
      const row = byId.get(id)
      const fault = row ? verifyRow(audit, row) : `row ${id} was deleted (checkpoint ${checkpoint.id})`
      if (fault) {
        faults.add(fault)
        isWhole = false
      } else if (row?.mac) macs.push(row.mac)
    }
  }
  if (isWhole && !isSame(digestOf(macs), checkpoint.digest))
    faults.add(`the rows of checkpoint ${checkpoint.id} are not those that it sealed`)
}

/** Verifies the unsealed rows. @returns their number */
async function verifyUnsealed(tx: Db, audit: Audit, faults: Faults): Promise<number> {
  let count = 0
  let after: string | null = null
  for (;;) {
    const rows: FoundRow[] = await listUnsealedRows(tx, after, rowsPerRead)
    for (const row of rows) {
      const fault = verifyRow(audit, row)
      if (fault) faults.add(fault)
    }
    count += rows.length
    after = rows.at(-1)?.id ?? null
    if (rows.length < rowsPerRead) return count
  }
}

function verifyRow(audit: Audit, row: FoundRow): string | null {
  const { action, entityType, details, personalHash, keyId } = row
  if (keyId === null || action === null || entityType === null || details === null || personalHash === null)
    return `row ${row.id} was edited`
  const mac = audit.signAs(
    keyId,
    auditText({ ...row, at: toIso(row.at), action, entityType, details, personalHash, keyId }),
  )
  if (!mac) return describeUnknownKey(`row ${row.id}`, keyId)
  if (!isSame(mac, row.mac)) return `row ${row.id} was edited`
  // Erased or archived personal data leaves no side row; a side row that exists must be unchanged.
  const isWhole =
    (!row.hasPersonal || covers(personalHash, row.salt, row.accountId, row.personal)) &&
    (!row.hasSubject || covers(row.subjectHash, row.subjectSalt, row.subjectAccountId, row.subject))
  return isWhole ? null : `the personal data of row ${row.id} were edited`
}

function covers(hash: Buffer | null, salt: Buffer | null, accountId: string | null, data: string | null): boolean {
  return hash !== null && salt !== null && data !== null && isSame(hashPersonal(salt, accountId, data), hash)
}

function describeOrphan({ id, held, covered }: OrphanRow): string {
  if (held === 0) return `row ${id} was deleted, before it was sealed`
  if (held > 1) return `row ${id} is there ${held} times: it was added`
  return covered === 0
    ? `row ${id} was added: no checkpoint covers it, and it does not wait for one`
    : `row ${id} is covered ${covered} times: it was put among those that wait to be sealed`
}

/** Parses a checkpoint line of the log, or the checkpoint in it. @throws Error when it is neither */
export function parseCheckpoint(line: unknown): CheckpointLine {
  const parsed = z.union([LoggedCheckpoint, z.object({ checkpoint: LoggedCheckpoint })]).safeParse(line)
  if (!parsed.success) throw new Error('That file holds no checkpoint: pass the "audit checkpoint" line of the log.')
  return 'checkpoint' in parsed.data ? parsed.data.checkpoint : parsed.data
}

const LoggedCheckpoint = z.lazy(() =>
  z.object({ id: z.int().min(1), rowCount: z.int().min(1), digest: z.hex(), mac: z.hex() }),
)
