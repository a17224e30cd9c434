import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Db } from '../db.ts'

/** Where a request came from; with the API key that its actor used, if one was. */
export type Client = { ip: string; userAgent: string | null; requestId: string; apiKeyId?: string }

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
  /** Whose data the side row holds. */
  accountId: string | null
  salt: Buffer
  personal: string
}

export type Audit = ReturnType<typeof createAudit>

/**
 * Prepares rows of the audit trail. Each carries an HMAC over all that it says, so that an edit shows; what identifies
 * a person lies apart, covered by a salted hash, so that it can be erased and the row still verifies.
 * @param keys the first signs; what any of them signed verifies
 * @param now the database's time in milliseconds
 */
export function createAudit(keys: readonly [string, ...string[]], now: () => number) {
  const [key] = keys
  const keyId = idOf(key)
  const keyById = new Map(keys.map((known) => [idOf(known), known]))
  return {
    keyId,
    /** HMAC-SHA-256 under the audit key. */
    sign: (text: string): Buffer => macOf(key, text),
    /** The same under the key of that id, the current one or an earlier; null when there is none. */
    signAs(id: string, text: string): Buffer | null {
      const known = keyById.get(id)
      return known === undefined ? null : macOf(known, text)
    },
    prepare(entry: AuditEntry): AuditRow {
      const salt = randomBytes(16)
      const { ip, userAgent, apiKeyId } = entry.client ?? {}
      const personal = JSON.stringify({ ip, userAgent, before: entry.before, after: entry.after })
      const accountId = entry.entityType === 'account' ? entry.entityId : entry.actorId
      const at = new Date(Math.floor(now()))
      const row = {
        // The id's own moment (RFC 9562 5.7) is this one, so that a bound in time is a bound in the order of ids.
        id: Bun.randomUUIDv7('hex', at),
        at,
        actorId: entry.actorId,
        action: entry.action,
        entityType: entry.entityType,
        entityId: entry.entityId,
        requestId: entry.client?.requestId ?? null,
        details: JSON.stringify({ ...entry.details, ...(apiKeyId !== undefined && { apiKeyId }) }),
        personalHash: hashPersonal(salt, accountId, personal),
        keyId,
      }
      const mac = macOf(key, auditText({ ...row, at: at.toISOString() }))
      return { ...row, mac, accountId, salt, personal }
    },
  }
}

function idOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8)
}

function macOf(key: string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** The columns that the HMAC covers; the time as text. */
export type Signed = Omit<AuditRow, 'at' | 'mac' | 'accountId' | 'salt' | 'personal'> & { at: string }

/** What the HMAC covers: every column, in this order. */
export function auditText(row: Signed): string {
  const { id, at, actorId, action, entityType, entityId, requestId, details, personalHash, keyId } = row
  return JSON.stringify([
    id,
    at,
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

/** What a row's `personalHash` is: of the side row's every column. */
export function hashPersonal(salt: Buffer, accountId: string | null, personal: string): Buffer {
  return createHash('sha256')
    .update(salt)
    .update(accountId ?? '')
    .update(personal)
    .digest()
}

/** Writes an entry in the transaction of the change that it tells of. */
export async function record(tx: Db, audit: Audit, entry: AuditEntry): Promise<void> {
  await tx`with ${auditCtes(tx, audit.prepare(entry))} select 1`
}

/**
 * The same as common table expressions (`audit`, `audit_side`, `audit_unsealed`), for a statement that writes the change itself. With
 * `condition` the row is written only where that holds.
 */
export function auditCtes(sql: Db, row: AuditRow, condition = sql`true`) {
  return sql`
    audit as (
      insert into audit_logs (id, at, actor_id, action, entity_type, entity_id, request_id, details, personal_hash, key_id, mac)
      select ${row.id}::uuid, ${row.at}::timestamptz, ${row.actorId}::uuid, ${row.action}::text, ${row.entityType}::text, ${row.entityId}::text,
             ${row.requestId}::text, ${row.details}::text::json, ${row.personalHash}::bytea, ${row.keyId}::text, ${row.mac}::bytea
       where ${condition}
      returning id),
    audit_side as (
      insert into audit_personal (audit_id, account_id, salt, data)
      select id, ${row.accountId}::uuid, ${row.salt}::bytea, ${row.personal}::text::json from audit),
    audit_unsealed as (insert into audit_queue (audit_id) select id from audit)`
}
