import type { Db } from '../db/types.ts'
import { isSame } from './checkpoints.ts'
import type { AuditDeps } from './deps.ts'
import type { Audit } from './record.ts'
import {
  listVerifications,
  type StoredVerification,
  upsertVerification,
  type Verification,
} from './verification-queries.ts'
import type { Verdict } from './verify.ts'

export type { Verification } from './verification-queries.ts'

/** The latest results of both kinds of verification. */
export type Verifications = {
  seals: Verification | null
  whole: Verification | null
  /** Whether a stored result has no valid signature of ours. */
  isEdited: boolean
  /** The fault of the trail that is in force; null: none was found. */
  fault: string | null
}

export const editedRecord = 'the record of its verification was edited'
const longestFault = 4_000

/**
 * Reads the latest results. One that we did not sign counts as missing, and as a fault; one under a key that is not
 * configured here counts as missing.
 */
export async function readVerifications(sql: Db, audit: Audit): Promise<Verifications> {
  let isEdited = false
  const found: Pick<Verifications, 'seals' | 'whole'> = { seals: null, whole: null }
  for (const stored of await listVerifications(sql)) {
    const { keyId, mac, ...verification } = stored
    const expected = audit.signAs(keyId, textOf(verification))
    if (expected && isSame(expected, mac)) found[stored.kind] = verification
    else isEdited ||= expected !== null
  }
  return { ...found, isEdited, fault: standingFault(found) ?? (isEdited ? editedRecord : null) }
}

/** A fault in the seals remains until a later verification of the whole trail finds none. */
function standingFault({ seals, whole }: Pick<Verifications, 'seals' | 'whole'>): string | null {
  if (whole?.fault) return whole.fault
  const isCleared = whole && seals?.faultAt && whole.verifiedAt > seals.faultAt
  return isCleared ? null : (seals?.fault ?? null)
}

/** Stores the result of a verification, signed. */
export async function recordVerification(sql: Db, audit: Audit, found: Verification): Promise<void> {
  const verification = { ...found, fault: found.fault?.slice(0, longestFault) ?? null }
  await upsertVerification(sql, { ...verification, keyId: audit.keyId, mac: audit.sign(textOf(verification)) })
}

/** The text that the MAC of a result covers: every column. */
function textOf(verification: Omit<StoredVerification, 'keyId' | 'mac'>): string {
  const { kind, checkpointId, checkpointMac, checkpoints, auditRows, verifiedAt, fault, faultAt } = verification
  return JSON.stringify([
    'verification',
    kind,
    checkpointId,
    checkpointMac?.toString('hex') ?? null,
    checkpoints,
    auditRows,
    verifiedAt.toISOString(),
    fault,
    faultAt?.toISOString() ?? null,
  ])
}

/** Stores the verdict on the whole trail. A good one ends earlier faults. */
export function recordVerdict({ sql, audit, now }: Omit<AuditDeps, 'log'>, verdict: Verdict): Promise<void> {
  const verifiedAt = new Date(Math.floor(now()))
  const { checkpoints, rows: auditRows } = verdict.ok ? verdict : { checkpoints: 0, rows: 0 }
  return recordVerification(sql, audit, {
    kind: 'whole',
    checkpointId: null,
    checkpointMac: null,
    checkpoints,
    auditRows,
    verifiedAt,
    fault: verdict.ok ? null : verdict.fault,
    faultAt: verdict.ok ? null : verifiedAt,
  })
}
