import type { Db } from '../../db/database.ts'
import type { ExportedRow } from '../../db/personal-data.ts'

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
  // `offset 0` keeps what was changed a look-up for each row of the page, however few rows have any.
  // Ids are of version 7, so a bound in time is a bound in the order of ids, which every index of the trail ends in.
  return sql<AuditListItem[]>`
    select l.id, l.at, l.actor_id, l.action, l.entity_type, l.entity_id, l.request_id, l.details,
           p.data ->> 'ip' as ip_address, p.data ->> 'userAgent' as user_agent, 
           coalesce(s.data, p.data) -> 'before' as before, coalesce(s.data, p.data) -> 'after' as after
      from audit_logs l ${ip ? sql`join` : sql`left join`} audit_personal p on p.audit_id = l.id ${ip ? sql`and p.data ->> 'ip' = ${ip}` : sql``}
      left join lateral (select data from audit_subjects where audit_id = l.id offset 0) s on true
     where true ${actor ? sql`and l.actor_id = ${actor}` : sql``} ${action ? sql`and l.action = ${action}` : sql``}
       ${type ? sql`and l.entity_type = ${type}` : sql``} ${entityId ? sql`and l.entity_id = ${entityId}` : sql``}
       ${from ? sql`and l.id >= ${firstIdOf(from)}::uuid` : sql``} ${to ? sql`and l.id < ${firstIdOf(to)}::uuid` : sql``}
       ${before ? sql`and l.id < ${before}::uuid` : sql``}
     order by l.id desc limit ${limit}`
}

/**
 * What an account did and what was done to it, oldest first, as its export shows it: without where others acted from, and
 * without what it changed of others. Each branch of the union ends at the page's limit.
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

/** Whether an account has changed anything since a moment, on whatever instance: every change is audited, as is what only looked. */
export async function hasChangedSince(sql: Db, actorId: string, since: Date): Promise<boolean> {
  const [row] = await sql<{ changed: boolean }[]>`
    select exists (
      select from audit_logs where actor_id = ${actorId} and id >= ${firstIdOf(since)}::uuid
         and split_part(action, '.', 2) not in ('search', 'read', 'explain', 'export')) as changed`
  return row?.changed ?? true
}

/** The least UUIDv7 of a moment (RFC 9562 5.7). */
function firstIdOf(moment: string | number | Date): string {
  const hex = Math.max(0, new Date(moment).getTime()).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}
