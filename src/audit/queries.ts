import type { Db } from '../db.ts'
import type { AuditRow } from './record.ts'
import type { Checkpoint } from './seal.ts'

const checkpointColumns = (sql: Db) =>
  sql`id::float8, sealed_at, row_count, audit_ids, digest, previous_mac, key_id, mac`

export async function findLastCheckpoint(sql: Db): Promise<Checkpoint | null> {
  const [row] = await sql<
    Checkpoint[]
  >`select ${checkpointColumns(sql)} from audit_checkpoints order by id desc limit 1`
  return row ?? null
}

/** Takes rows out of the queue, in the order of their ids; rows that another transaction still writes come later. */
export async function takeUnsealed(sql: Db, limit: number): Promise<{ id: string; mac: Buffer }[]> {
  return sql<{ id: string; mac: Buffer }[]>`
    with taken as (
      delete from audit_queue where audit_id in (select audit_id from audit_queue order by audit_id limit ${limit}) returning audit_id)
    select l.id, l.mac from taken join audit_logs l on l.id = taken.audit_id order by l.id`
}

export async function insertCheckpoint(sql: Db, checkpoint: Checkpoint): Promise<void> {
  const { id, sealedAt, rowCount, auditIds, digest, previousMac, keyId, mac } = checkpoint
  await sql`
    insert into audit_checkpoints (id, sealed_at, row_count, audit_ids, digest, previous_mac, key_id, mac)
    values (${id}, ${sealedAt}, ${rowCount}, ${auditIds}::uuid[], ${digest}, ${previousMac}, ${keyId}, ${mac})`
}

export async function listCheckpoints(sql: Db, after: number, limit: number): Promise<Checkpoint[]> {
  return sql<
    Checkpoint[]
  >`select ${checkpointColumns(sql)} from audit_checkpoints where id > ${after} order by id limit ${limit}`
}

/** A row as verification sees it: every value as the MAC covers it, and its personal side while that exists. */
export type VerifiableRow = Omit<AuditRow, 'personal' | 'salt'> & { personal: string | null; salt: Buffer | null }

const verifiable = (sql: Db) => sql`
  l.id, l.at, l.actor_id, l.action, l.entity_type, l.entity_id, l.request_id, l.details::text as details, l.personal_hash, l.key_id, l.mac,
  p.data::text as personal, p.salt`

/** The rows that a checkpoint names, live or archived. */
export async function listSealedRows(sql: Db, ids: string[]): Promise<VerifiableRow[]> {
  return sql<VerifiableRow[]>`
    select ${verifiable(sql)} from (
      select * from audit_logs where id = any(${ids}::uuid[]) union all select * from audit_archive where id = any(${ids}::uuid[])) l
      left join audit_personal p on p.audit_id = l.id`
}

/** Rows that no checkpoint covers yet. */
export async function listUnsealedRows(sql: Db, limit: number): Promise<VerifiableRow[]> {
  return sql<VerifiableRow[]>`
    select ${verifiable(sql)} from audit_queue q join audit_logs l on l.id = q.audit_id left join audit_personal p on p.audit_id = l.id
     order by l.id limit ${limit}`
}

export async function countRows(sql: Db): Promise<{ rows: number; unsealed: number }> {
  const [row] = await sql<{ rows: number; unsealed: number }[]>`
    select (select count(*) from audit_logs)::float8 + (select count(*) from audit_archive)::float8 as rows, (select count(*)::float8 from audit_queue) as unsealed`
  return row ?? { rows: 0, unsealed: 0 }
}

export type AuditFilter = {
  actor?: string
  action?: string
  resource?: string
  from?: string
  to?: string
  ip?: string
}
export type AuditListItem = {
  id: string
  at: Date
  actorId: string | null
  action: string
  entityType: string
  entityId: string | null
  requestId: string | null
  details: Record<string, unknown>
  ipAddress: string | null
  userAgent: string | null
  before: Record<string, unknown> | null
  after: Record<string, unknown> | null
}

/** The trail, newest first, `limit` rows before the row `before`. `resource` is `type` or `type:id`. */
export async function listAudit(
  sql: Db,
  { actor, action, resource, from, to, ip }: AuditFilter,
  limit: number,
  before: string | null,
): Promise<AuditListItem[]> {
  const [type, ...rest] = resource?.split(':') ?? []
  const entityId = rest.length > 0 ? rest.join(':') : undefined
  // Ids are of version 7, so a bound in time is a bound in the order of ids, which every index of the trail ends in.
  return sql<AuditListItem[]>`
    select l.id, l.at, l.actor_id, l.action, l.entity_type, l.entity_id, l.request_id, l.details,
           p.data ->> 'ip' as ip_address, p.data ->> 'userAgent' as user_agent, p.data -> 'before' as before, p.data -> 'after' as after
      from audit_logs l ${ip ? sql`join` : sql`left join`} audit_personal p on p.audit_id = l.id ${ip ? sql`and p.data ->> 'ip' = ${ip}` : sql``}
     where true ${actor ? sql`and l.actor_id = ${actor}` : sql``} ${action ? sql`and l.action = ${action}` : sql``}
       ${type ? sql`and l.entity_type = ${type}` : sql``} ${entityId ? sql`and l.entity_id = ${entityId}` : sql``}
       ${from ? sql`and l.id >= ${firstIdOf(from)}::uuid` : sql``} ${to ? sql`and l.id < ${firstIdOf(to)}::uuid` : sql``}
       ${before ? sql`and l.id < ${before}::uuid` : sql``}
     order by l.id desc limit ${limit}`
}

/** The least UUIDv7 of a moment (RFC 9562 5.7). */
function firstIdOf(moment: string): string {
  const hex = Math.max(0, Date.parse(moment)).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}
