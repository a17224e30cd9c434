import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Db } from '../db.ts'

/** Where a request came from. */
export type Client = { ip: string; userAgent: string | null; requestId: string }

/** What happened, to be kept. Personal values belong into `before` and `after`, never into `details`. */
export type AuditEntry = {
  /** entity.verb, e.g. `session.create`. */
  action: string
  actorId: string | null
  entityType: string
  entityId: string | null
  client?: Client
  details?: Record<string, unknown>
  before?: Record<string, unknown>
  after?: Record<string, unknown>
}

/** A row of audit_logs and its personal side row, signed and ready to insert. */
export type AuditRow = {
  id: string
  at: Date
  actorId: string | null
  action: string
  entityType: string
  entityId: string | null
  requestId: string | null
  details: string
  personalHash: Buffer
  keyId: string
  mac: Buffer
  salt: Buffer
  personal: string
}

export type Audit = ReturnType<typeof createAudit>

/**
 * Prepares rows of the audit trail. Each carries an HMAC over all that it says, so that an edit shows; what identifies
 * a person lies apart, covered by a salted hash, so that it can be erased and the row still verifies.
 * @param now the database's time in milliseconds
 */
export function createAudit(key: string, now: () => number) {
  const keyId = createHash('sha256').update(key).digest('hex').slice(0, 8)
  return {
    keyId,
    /** HMAC-SHA-256 under the audit key. */
    sign: (text: string): Buffer => createHmac('sha256', key).update(text).digest(),
    prepare(entry: AuditEntry): AuditRow {
      const salt = randomBytes(16)
      const { ip, userAgent } = entry.client ?? {}
      const personal = JSON.stringify({ ip, userAgent, before: entry.before, after: entry.after })
      const row = {
        id: Bun.randomUUIDv7(),
        at: new Date(Math.floor(now())),
        actorId: entry.actorId,
        action: entry.action,
        entityType: entry.entityType,
        entityId: entry.entityId,
        requestId: entry.client?.requestId ?? null,
        details: JSON.stringify(entry.details ?? {}),
        personalHash: createHash('sha256').update(salt).update(personal).digest(),
        keyId,
      }
      return { ...row, mac: createHmac('sha256', key).update(auditText(row)).digest(), salt, personal }
    },
  }
}

/** What the HMAC covers: every column, in this order. */
export function auditText(row: Omit<AuditRow, 'mac' | 'salt' | 'personal'>): string {
  const { id, at, actorId, action, entityType, entityId, requestId, details, personalHash, keyId } = row
  return JSON.stringify([
    id,
    at.toISOString(),
    actorId,
    action,
    entityType,
    entityId,
    requestId,
    details,
    personalHash.toString('hex'),
    keyId,
  ])
}

/** Writes an entry in the transaction of the change that it tells of. */
export async function record(tx: Db, audit: Audit, entry: AuditEntry): Promise<void> {
  const row = audit.prepare(entry)
  await tx`with ${auditCtes(tx, row, entry.entityType === 'account' ? entry.entityId : entry.actorId)} select 1`
}

/**
 * The same as common table expressions (`audit`, `audit_side`, `audit_unsealed`), for a statement that writes the change itself. With
 * `condition` the row is written only where that holds.
 */
export function auditCtes(sql: Db, row: AuditRow, accountId: string | null, condition = sql`true`) {
  return sql`
    audit as (
      insert into audit_logs (id, at, actor_id, action, entity_type, entity_id, request_id, details, personal_hash, key_id, mac)
      select ${row.id}::uuid, ${row.at}::timestamptz, ${row.actorId}::uuid, ${row.action}::text, ${row.entityType}::text, ${row.entityId}::text,
             ${row.requestId}::text, ${row.details}::text::json, ${row.personalHash}::bytea, ${row.keyId}::text, ${row.mac}::bytea
       where ${condition}
      returning id),
    audit_side as (
      insert into audit_personal (audit_id, account_id, salt, data)
      select id, ${accountId}::uuid, ${row.salt}::bytea, ${row.personal}::text::json from audit),
    audit_unsealed as (insert into audit_queue (audit_id) select id from audit)`
}
