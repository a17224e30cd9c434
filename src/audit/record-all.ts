import type { Db } from '../db/types.ts'
import type { AuditRow } from './record.ts'

/** Inserts many rows made by `audit.row` in one statement, in the transaction of the changes that they record. */
export async function recordAll(tx: Db, rows: AuditRow[]): Promise<void> {
  const hex = (bytes: Buffer | null) => bytes?.toString('hex') ?? null
  const lines = rows.map(({ personalHash, subjectHash, mac, salt, subject, ...row }) => ({
    ...row,
    personalHash: hex(personalHash),
    subjectHash: hex(subjectHash),
    mac: hex(mac),
    salt: hex(salt),
    subject: subject && { ...subject, salt: hex(subject.salt) },
  }))
  await tx`
    with line as materialized (
      select * from json_to_recordset(${JSON.stringify(lines)}::text::json) as l(
        id uuid, at timestamptz, "actorId" uuid, action text, "entityType" text, "entityId" text, "requestId" text, details text,
        "personalHash" text, "subjectHash" text, "keyId" text, mac text, "accountId" uuid, salt text, personal text, subject json)),
    audit as (
      insert into audit_logs (id, at, actor_id, action, entity_type, entity_id, request_id, details, personal_hash, subject_hash, key_id, mac)
      select id, at, "actorId", action, "entityType", "entityId", "requestId", details::json, decode("personalHash", 'hex'),
             decode("subjectHash", 'hex'), "keyId", decode(mac, 'hex') from line),
    audit_side as (
      insert into audit_personal (audit_id, account_id, salt, data) select id, "accountId", decode(salt, 'hex'), personal::json from line),
    audit_subject as (
      insert into audit_subjects (audit_id, account_id, salt, data)
      select id, (subject ->> 'accountId')::uuid, decode(subject ->> 'salt', 'hex'), (subject ->> 'data')::json from line
       where json_typeof(subject) = 'object')
    insert into audit_queue (audit_id) select id from line`
}
