import type { Db } from '../db/types.ts'

/** The result of a verification. `kind`: of new seals by the job, or of the whole trail by `audit verify`. */
export type Verification = {
  kind: 'seals' | 'whole'
  /**
   * The last seal that was verified, behind which the next run begins; null before the first, and for the whole trail.
   */
  checkpointId: number | null
  checkpointMac: Buffer | null
  checkpoints: number
  auditRows: number
  verifiedAt: Date
  /** The fault that was found, and since when. */
  fault: string | null
  faultAt: Date | null
}
export type StoredVerification = Verification & { keyId: string; mac: Buffer }

/** The latest result of each kind, as stored: its signature is not verified yet. Locks nothing. */
export async function listVerifications(sql: Db): Promise<StoredVerification[]> {
  return sql<StoredVerification[]>`
    select kind, checkpoint_id::float8, checkpoint_mac, checkpoints::float8, audit_rows::float8, verified_at, fault, fault_at, key_id, mac
      from audit_verifications`
}

/** Writes the result of a verification in place of the one before of its kind. */
export async function upsertVerification(sql: Db, stored: StoredVerification): Promise<void> {
  const { kind, checkpointId, checkpointMac, checkpoints, auditRows, verifiedAt, fault, faultAt, keyId, mac } = stored
  await sql`
    insert into audit_verifications (kind, checkpoint_id, checkpoint_mac, checkpoints, audit_rows, verified_at, fault, fault_at, key_id, mac)
    values (${kind}, ${checkpointId}, ${checkpointMac}, ${checkpoints}, ${auditRows}, ${verifiedAt}, ${fault}, ${faultAt}, ${keyId}, ${mac})
    on conflict (kind) do update
       set checkpoint_id = excluded.checkpoint_id, checkpoint_mac = excluded.checkpoint_mac, checkpoints = excluded.checkpoints,
           audit_rows = excluded.audit_rows, verified_at = excluded.verified_at, fault = excluded.fault, fault_at = excluded.fault_at,
           key_id = excluded.key_id, mac = excluded.mac`
}
