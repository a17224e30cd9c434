import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Db } from '../db/types.ts'
import type { Actor, Entity } from './actor.ts'

/** Further content of an audit row. Personal values belong in `before` and `after`, never in `details`. */
export type AuditMore = {
  /** The account that the row is about, where neither entity nor actor is it. */
  subjectId?: string
  details?: Record<string, unknown>
  before?: Record<string, unknown>
  after?: Record<string, unknown>
}

/** The changed values and the account they belong to; `accountId` null: no account, as for a role. */
type Subject = { accountId: string | null; salt: Buffer; data: string }

/** A row of audit_logs and its side rows, signed and ready to insert. */
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
  subjectHash: Buffer | null
  keyId: string
  mac: Buffer
  /** The account whose erasure deletes the origin; null: none, because the action was on another account. */
  accountId: string | null
  salt: Buffer
  personal: string
  subject: Subject | null
}

export type Audit = ReturnType<typeof createAudit>

/**
 * Makes rows of the audit trail. Each has an HMAC over its columns, so that an edit is found. Personal data (the origin,
 * and values before and after a change) is in side rows, covered by salted hashes, so that it can be erased and the row
 * still verifies. An erasure deletes the side rows of that person only: what they did to others stays.
 * @param keys the first signs; all of them verify
 * @param now the database's time in milliseconds
 */
export function createAudit(keys: readonly [string, ...string[]], now: () => number) {
  const [key] = keys
  const keyId = idOf(key)
  const keyById = new Map(keys.map((known) => [idOf(known), known]))
  const row = (actor: Actor, action: string, entity: Entity, more: AuditMore = {}): AuditRow => {
    const { ip, userAgent, apiKeyId, requestId = null } = actor.origin ?? {}
    const actorId = actor.principal?.accountId ?? null
    const subjectId = more.subjectId ?? subjectOf(entity, actorId)
    const accountId = actorId === null || actorId === subjectId ? subjectId : null
    const [salt, personal] = [randomBytes(16), JSON.stringify({ ip, userAgent })]
    const subject = more.before || more.after ? toSubject(more, subjectId) : null
    const at = new Date(Math.floor(now()))
    const signed = {
      // A UUIDv7 of the same moment (RFC 9562 5.7): rows can be paged and bounded in time by their ids.
      id: Bun.randomUUIDv7('hex', at),
      at,
      actorId,
      action,
      entityType: entity.type,
      entityId: entity.id,
      requestId,
      details: JSON.stringify({ ...more.details, ...(apiKeyId !== undefined && { apiKeyId }) }),
      personalHash: hashPersonal(salt, accountId, personal),
      subjectHash: subject && hashPersonal(subject.salt, subject.accountId, subject.data),
      keyId,
    }
    const mac = macOf(key, auditText({ ...signed, at: at.toISOString() }))
    return { ...signed, mac, accountId, salt, personal, subject }
  }
  return {
    keyId,
    /** HMAC-SHA-256 under the audit key. */
    sign: (text: string): Buffer => macOf(key, text),
    /** HMAC-SHA-256 under the current or an earlier key with that id; null when there is none. */
    signAs(id: string, text: string): Buffer | null {
      const known = keyById.get(id)
      return known === undefined ? null : macOf(known, text)
    },
    /**
     * A signed row for a statement that writes the change itself (`auditCtes`).
     * @param action entity.verb, e.g. `session.create`
     */
    row,
    /**
     * Inserts a row, in the transaction of the change that it records.
     * @param action entity.verb, e.g. `session.create`
     */
    async record(tx: Db, actor: Actor, action: string, entity: Entity, more?: AuditMore): Promise<void> {
      await tx`with ${auditCtes(tx, row(actor, action, entity, more))} select 1`
    },
  }
}

/**
 * The account that a row is about; rows of other types belong to none. `erase_traces` in sql/functions follows the same
 * rule.
 */
function subjectOf({ type, id }: Entity, actorId: string | null): string | null {
  if (type === 'account') return id
  return type === 'session' || type === 'api_key' ? actorId : null
}

function toSubject({ before, after }: AuditMore, accountId: string | null): Subject {
  return { accountId, salt: randomBytes(16), data: JSON.stringify({ before, after }) }
}

function idOf(key: string): string {
  return createHash('sha256').update(key).digest('hex').slice(0, 8)
}

function macOf(key: string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

/** The columns that the HMAC covers; the time as text. */
export type Signed = Omit<AuditRow, 'at' | 'mac' | 'accountId' | 'salt' | 'personal' | 'subject'> & { at: string }

/**
 * The text that the HMAC covers: every column, in this order. `subjectHash` is left out where there is none, as in old
 * rows.
 */
export function auditText(row: Signed): string {
  const { id, at, actorId, action, entityType, entityId, requestId, details, personalHash, keyId, subjectHash } = row
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
    ...(subjectHash ? [subjectHash.toString('hex')] : []),
  ])
}

/** SHA-256 over every column of a side row: a row's `personalHash` or `subjectHash`. */
export function hashPersonal(salt: Buffer, accountId: string | null, personal: string): Buffer {
  return createHash('sha256')
    .update(salt)
    .update(accountId ?? '')
    .update(personal)
    .digest()
}

/**
 * An audit row as common table expressions (`audit`, `audit_side`, `audit_subject`, `audit_unsealed`), for a statement
 * that writes the change itself. With `condition` the row is written only where that holds.
 */
export function auditCtes(sql: Db, row: AuditRow, condition = sql`true`) {
  return sql`
    audit as (
      insert into audit_logs (id, at, actor_id, action, entity_type, entity_id, request_id, details, personal_hash, subject_hash, key_id, mac)
      select ${row.id}::uuid, ${row.at}::timestamptz, ${row.actorId}::uuid, ${row.action}::text, ${row.entityType}::text, ${row.entityId}::text,
             ${row.requestId}::text, ${row.details}::text::json, ${row.personalHash}::bytea, ${row.subjectHash}::bytea, ${row.keyId}::text, ${row.mac}::bytea
       where ${condition}
      returning id),
    audit_side as (
      insert into audit_personal (audit_id, account_id, salt, data)
      select id, ${row.accountId}::uuid, ${row.salt}::bytea, ${row.personal}::text::json from audit),
    ${subjectCte(sql, row.subject)}
    audit_unsealed as (insert into audit_queue (audit_id) select id from audit)`
}

function subjectCte(sql: Db, subject: Subject | null) {
  if (!subject) return sql``
  return sql`
    audit_subject as (
      insert into audit_subjects (audit_id, account_id, salt, data)
      select id, ${subject.accountId}::uuid, ${subject.salt}::bytea, ${subject.data}::text::json from audit),`
}
