import { firstIdOf } from '../../audit/row-ids.ts'
import type { Db } from '../../db/types.ts'

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
  // `offset 0` makes the planner look audit_subjects up for each row of the page instead of scanning it.
  // UUIDv7 ids are ordered by time, so a bound in time is a bound of ids, which every index of the trail ends in.
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

/** How many of the newest rows are searched for an entry, and how many unsealed rows are counted at most. */
const maxScannedRows = 1_000

/** The newest row that does not record a reading of the trail; null where the last thousand do. */
export async function findNewestEntry(sql: Db): Promise<string | null> {
  const [row] = await sql<{ id: string }[]>`
    select id from (select id, action from audit_logs order by id desc limit ${maxScannedRows}) newest where action <> 'audit.read' order by id desc limit 1`
  return row?.id ?? null
}

/** How many rows are not sealed yet, a thousand at most, and the time of the oldest. */
export async function findUnsealed(sql: Db): Promise<{ entries: number; oldest: string | null }> {
  const [row] = await sql<{ entries: number; oldest: string | null }[]>`
    select count(*)::int as entries, min(audit_id::text) as oldest from (select audit_id from audit_queue order by audit_id limit ${maxScannedRows}) waiting`
  return row ?? { entries: 0, oldest: null }
}
