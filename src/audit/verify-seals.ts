import type { JobOutcome } from '../db/job.ts'
import type { Tx } from '../db/types.ts'
import { createChain, type Link } from './chain.ts'
import type { AuditDeps } from './deps.ts'
import { createFaults } from './faults.ts'
import { type FoundCheckpoint, listCheckpoints } from './queries.ts'
import type { Audit } from './record.ts'
import { editedRecord, readVerifications, recordVerification, type Verification } from './verifications.ts'
import { verifySealed } from './verify.ts'

/** The most of one run: seals (more than are made in a minute), rows, and checkpoints without a valid signature. */
const [mostSeals, mostRows, mostRead] = [50, 100_000, 1_000]
const perRead = 50
/** Rows are verified in parts, so that the process answers requests in between. */
const rowsPerRead = 250

type Found = { last: Link | null; checkpoints: number; rows: number; fault: string | null }

/**
 * Verifies the seals made since the last run, each once: its signature, its place in the chain, and every row that it
 * covers. Only `audit verify` verifies earlier seals again.
 * @throws Error with the fault of the trail, so that the job fails until `audit verify` finds none
 * @throws Error where a key is not configured here, as during a rotation of AUDIT_KEY; nothing is recorded then
 */
export async function verifySeals(
  tx: Tx,
  { sql, audit, now }: Pick<AuditDeps, 'sql' | 'audit' | 'now'>,
): Promise<JobOutcome> {
  const before = await readVerifications(tx, audit)
  const { seals } = before
  const found = await verifyAfter(tx, audit, linkOf(seals))
  const verifiedAt = new Date(Math.floor(now()))
  const fault = found.fault ?? (before.isEdited ? editedRecord : null)
  const isKept = seals !== null && seals.fault !== null && seals.fault === before.fault
  // A transaction of its own, so that the result is stored although the job then fails.
  await recordVerification(sql, audit, {
    kind: 'seals',
    checkpointId: found.last?.id ?? null,
    checkpointMac: found.last?.mac ?? null,
    checkpoints: (seals?.checkpoints ?? 0) + found.checkpoints,
    auditRows: (seals?.auditRows ?? 0) + found.rows,
    verifiedAt,
    ...(isKept
      ? { fault: seals.fault, faultAt: seals.faultAt }
      : { fault, faultAt: fault === null ? null : verifiedAt }),
  })
  const standing = before.fault ?? fault
  if (standing !== null) throw new Error(`The audit trail was tampered with: ${standing}.`)
  return { result: { seals: found.checkpoints, rows: found.rows } }
}

const linkOf = (seals: Verification | null): Link | null =>
  seals?.checkpointId == null ? null : { id: seals.checkpointId, mac: seals.checkpointMac }

async function verifyAfter(tx: Tx, audit: Audit, from: Link | null): Promise<Found> {
  const faults = createFaults()
  const unknown = new Set<string>()
  const watched: Audit = {
    ...audit,
    signAs(keyId, text) {
      const mac = audit.signAs(keyId, text)
      if (mac === null) unknown.add(keyId)
      return mac
    },
  }
  const chain = createChain(watched, null, faults, from)
  let last = from
  let after = from && String(from.id)
  for (let read = 0; read < mostRead && chain.length() < mostSeals && chain.rows() < mostRows; ) {
    const checkpoints: FoundCheckpoint[] = await listCheckpoints(tx, after, perRead)
    read += checkpoints.length
    for (const checkpoint of checkpoints) {
      if (!chain.add(checkpoint)) continue
      await verifySealed(tx, watched, checkpoint, faults, rowsPerRead)
      last = { id: checkpoint.id, mac: checkpoint.mac }
      if (chain.rows() >= mostRows) break
    }
    if (checkpoints.length < perRead) break
    after = checkpoints.at(-1)?.number ?? null
  }
  chain.end()
  const fault = faults.summary()
  if (unknown.size > 0) throw new Error(`The audit trail could not be verified: ${fault}.`)
  return { last, checkpoints: chain.length(), rows: chain.rows(), fault }
}
