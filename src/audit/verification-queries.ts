import type { Db } from '../db/types.ts'

/** What a verification found; `kind`: seal by seal by the job, or the whole trail by `audit verify`. */
export type Verification = {
  kind: 'seals' | 'whole'
  /** The last seal that was verified, where the next run goes on; null where it does not, and before the first. */
  checkpointId: number | null
  checkpointMac: Buffer | null
  checkpoints: number
  auditRows: number
  verifiedAt: Date
  /** What stands against the trail, and since when. */
  fault: string | null
  faultAt: Date | null
}
export type StoredVerification = Verification & { keyId: string; mac: Buffer }

export async function listVerifications(sql: Db): Promise<StoredVerification[]> {
  return sql<StoredVerification[]>`
    select kind, checkpoint_id::float8, checkpoint_mac, checkpoints::float8, audit_rows::float8, verified_at, fault, fault_at, key_id, mac
      from audit_verifications`
}

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
