import type { ExportedRow } from '../db/personal-data.ts'
import type { Db } from '../db/types.ts'
import { type Checkpoint, maxRowsOfCheckpoint } from './checkpoints.ts'
import type { Signed } from './record.ts'
import { firstIdOf } from './row-ids.ts'

/** Serialises sealing: each checkpoint names the one before it. */
export async function lockSealing(tx: Db): Promise<void> {
  await tx`select pg_advisory_xact_lock(360360, hashtext('audit sealing'))`
}

/** Takes rows out of the queue, in the order of their ids; uncommitted rows of other transactions are taken later. */
export async function takeUnsealed(sql: Db, limit: number): Promise<{ id: string; mac: Buffer }[]> {
  return sql<{ id: string; mac: Buffer }[]>`
    with taken as (
      delete from audit_queue where audit_id in (select audit_id from audit_queue order by audit_id limit ${limit}) returning audit_id)
    select l.id, l.mac from taken join audit_logs l on l.id = taken.audit_id order by l.id`
}

/** Inserts a checkpoint. The caller holds the lock of `lockSealing`. */
export async function insertCheckpoint(sql: Db, checkpoint: Checkpoint): Promise<void> {
  const { id, sealedAt, rowCount, auditIds, digest, previousMac, keyId, mac } = checkpoint
  await sql`
    insert into audit_checkpoints (id, sealed_at, row_count, audit_ids, digest, previous_mac, key_id, mac)
    values (${id}, ${sealedAt}, ${rowCount}, ${auditIds}::uuid[], ${digest}, ${previousMac}, ${keyId}, ${mac})`
}

/** A timestamp with microseconds; a Date would hide an edit of those. */
const exactly = (sql: Db, column: string) => sql`extract(epoch from ${sql(column)})::text`

/** A row as verification reads it. It may have been edited, so any column may be null and a time may be any value. */
type Found<T> = { [K in keyof T]: T[K] | null }
export type FoundCheckpoint = Omit<Checkpoint, 'sealedAt' | 'auditIds' | 'previousMac' | 'mac'> & {
  /** The exact number: `id` loses digits beyond 2^53. */
  number: string
  sealedAt: string | null
  auditIds: string[] | null
  previousMac: Buffer | null
  mac: Buffer | null
}

/** Columns with bounded sizes: whoever may insert a checkpoint may insert a huge one. */
const foundCheckpoint = (sql: Db) => sql`
  id::float8, id::text as number, ${exactly(sql, 'sealed_at')} as sealed_at, row_count,
  case when cardinality(audit_ids) <= ${maxRowsOfCheckpoint}::int then audit_ids end as audit_ids, digest,
  case when length(previous_mac) <= 32 then previous_mac end as previous_mac, left(key_id, 40) as key_id, mac`

/** Checkpoints in the order of ids. @param after the id of the last one before them; null: from the first on */
export async function listCheckpoints(sql: Db, after: string | null, limit: number): Promise<FoundCheckpoint[]> {
  return sql<FoundCheckpoint[]>`
    select ${foundCheckpoint(sql)} from audit_checkpoints ${after === null ? sql`` : sql`where id > ${after}::bigint`} order by audit_checkpoints.id limit ${limit}`
}

/** Checkpoints, newest first. @param before the id of the one that follows them; null: from the newest on */
export async function listCheckpointsBack(sql: Db, before: string | null, limit: number): Promise<FoundCheckpoint[]> {
  return sql<FoundCheckpoint[]>`
    select ${foundCheckpoint(sql)} from audit_checkpoints ${before === null ? sql`` : sql`where id < ${before}::bigint`} order by audit_checkpoints.id desc limit ${limit}`
}

/** A row as verification reads it: the values that the MAC covers, and its side rows while they exist. */
export type FoundRow = { id: string } & Found<Omit<Signed, 'id'>> & {
    mac: Buffer | null
    hasPersonal: boolean
    accountId: string | null
    personal: string | null
    salt: Buffer | null
    hasSubject: boolean
    subjectAccountId: string | null
    subject: string | null
    subjectSalt: Buffer | null
  }

const signed = (sql: Db) =>
  sql`id, at, actor_id, action, entity_type, entity_id, request_id, details, personal_hash, subject_hash, key_id, mac`

const found = (sql: Db) => sql`
  l.id, ${exactly(sql, 'l.at')} as at, l.actor_id, l.action, l.entity_type, l.entity_id, l.request_id, l.details::text as details,
  l.personal_hash, l.subject_hash, l.key_id, l.mac, p.audit_id is not null as has_personal, p.account_id, p.data::text as personal, p.salt,
  s.audit_id is not null as has_subject, s.account_id as subject_account_id, s.data::text as subject, s.salt as subject_salt`

const sides = (sql: Db) =>
  sql`left join audit_personal p on p.audit_id = l.id left join audit_subjects s on s.audit_id = l.id`

/** The rows that a checkpoint names, live or archived. */
export async function listSealedRows(sql: Db, ids: string[]): Promise<FoundRow[]> {
  return sql<FoundRow[]>`
    select ${found(sql)} from (
      select ${signed(sql)} from audit_logs where id = any(${ids}::uuid[])
      union all select ${signed(sql)} from audit_archive where id = any(${ids}::uuid[])) l ${sides(sql)}`
}

/** Rows after `after` that no checkpoint covers yet. */
export async function listUnsealedRows(sql: Db, after: string | null, limit: number): Promise<FoundRow[]> {
  return sql<FoundRow[]>`
    select ${found(sql)} from audit_queue q join audit_logs l on l.id = q.audit_id ${sides(sql)}
     ${after === null ? sql`` : sql`where l.id > ${after}::uuid`} order by l.id limit ${limit}`
}

export type OrphanRow = { id: string; held: number; covered: number }

/**
 * Rows that do not exist exactly once, or are not covered exactly once: by a checkpoint, or by the queue of unsealed
 * rows.
 * @param unsigned numbers of checkpoints without a valid signature: they cover nothing
 */
export async function listOrphanRows(sql: Db, unsigned: string[], limit: number): Promise<OrphanRow[]> {
  return sql<OrphanRow[]>`
    with covered as (
      select id, count(*)::int as times from (
        select unnest(audit_ids) as id from audit_checkpoints where id <> all(${unsigned}::bigint[])
        union all select audit_id from audit_queue) c group by id),
    held as (
      select id, count(*)::int as times from (select id from audit_logs union all select id from audit_archive) h group by id)
    select id, coalesce(held.times, 0) as held, coalesce(covered.times, 0) as covered from covered full join held using (id)
     where held.times is distinct from 1 or covered.times is distinct from 1 order by id limit ${limit}`
}

/** Side rows whose audit row is missing. */
export async function listOrphanPersonal(sql: Db, limit: number): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select audit_id as id from (select audit_id from audit_personal union select audit_id from audit_subjects) p
     where not exists (select from audit_logs l where l.id = p.audit_id) order by 1 limit ${limit}`
  return rows.map(({ id }) => id)
}

/**
 * What an account did and what was done to it, oldest first, for its export: without the origin of other actors, and
 * without changes that it made of other people's data. Each branch of the union ends at the page's limit.
 */
export async function listExportedTrail(
  sql: Db,
  accountId: string,
  after: string[] | null,
  limit: number,
  until: Date,
): Promise<ExportedRow[]> {
  const within = sql`id > ${after?.[0] ?? firstIdOf(0)}::uuid and id < ${firstIdOf(until)}::uuid order by id limit ${limit}`
  return sql<ExportedRow[]>`
    select array[l.id::text] as key, (select row_to_json(r) from (
             select l.id, l.at, l.action, l.entity_type as "entityType", l.entity_id as "entityId", l.details,
                    coalesce(case when coalesce(l.actor_id, ${accountId}) = ${accountId} then p.data::jsonb else p.data::jsonb - '{ip,userAgent}'::text[] end, '{}')
                      || coalesce(s.data::jsonb, '{}') as personal) r)::text as row
      from ((select id from audit_logs where actor_id = ${accountId} and ${within})
            union
            (select id from audit_logs where entity_type = 'account' and entity_id = ${accountId}::text and ${within})
            order by id limit ${limit}) own
      join audit_logs l using (id)
      left join lateral (
        select data from audit_personal where audit_id = l.id
           and (account_id = ${accountId} or (account_id is null and l.actor_id = ${accountId})) offset 0) p on true
      left join lateral (select data from audit_subjects where audit_id = l.id and account_id = ${accountId} offset 0) s on true
     order by l.id`
}

/**
 * Whether an account has done anything since a moment, on any instance: every change is audited, and so is reading of
 * other people's data.
 */
export async function hasChangedSince(sql: Db, actorId: string, since: Date): Promise<boolean> {
  const [row] = await sql<{ changed: boolean }[]>`
    select exists (
      select from audit_logs where actor_id = ${actorId} and id >= ${firstIdOf(since)}::uuid
         and split_part(action, '.', 2) not in ('search', 'read', 'explain', 'export')) as changed`
  return row?.changed ?? true
}
