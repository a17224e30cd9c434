import type { Db } from '../db/types.ts'

export type EventStatus = 'queued' | 'done' | 'ignored' | 'failed'

/** An event that this worker may process until its lease ends. */
export type ClaimedEvent = {
  id: string
  provider: string
  eventId: string
  type: string
  objectId: string | null
  attempts: number
}

/** Stores an event; a repeat changes nothing. */
export async function insertEvent(
  sql: Db,
  { provider, id, type, objectId }: { provider: string; id: string; type: string; objectId: string | null },
): Promise<void> {
  await sql`
    insert into billing_events (provider, event_id, type, object_id) values (${provider}, ${id}, ${type}, ${objectId})
        on conflict (provider, event_id) do nothing`
}

/** Claims up to `limit` due events of a provider, oldest first; if this instance crashes, another can claim them once the lease ends. */
export async function claimEvents(
  sql: Db,
  provider: string,
  limit: number,
  leaseSeconds: number,
): Promise<ClaimedEvent[]> {
  return sql<ClaimedEvent[]>`
    with due as (
      select id from billing_events
       where provider = ${provider} and status = 'queued' and due_at <= clock_timestamp() and (leased_until is null or leased_until <= clock_timestamp())
       order by due_at limit ${limit} for update skip locked)
    update billing_events e set leased_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}::int), attempts = least(e.attempts + 1, 1000000)
      from due where e.id = due.id
    returning e.id, e.provider, e.event_id, e.type, e.object_id, e.attempts`
}

/** Marks an event as processed. */
export async function finishEvent(sql: Db, id: string, status: 'done' | 'ignored'): Promise<void> {
  await sql`
    update billing_events set status = ${status}, ended_at = clock_timestamp(), leased_until = null, last_error = null
     where id = ${id} and status = 'queued'`
}

/** Schedules the next attempt after so many seconds, or marks the event as failed after `give_up_at`. @returns whether it has failed */
export async function postponeEvent(sql: Db, id: string, seconds: number, error: string): Promise<boolean> {
  const [row] = await sql<{ failed: boolean }[]>`
    update billing_events
       set leased_until = null, last_error = ${error.slice(0, 500)},
           due_at = case when give_up_at > clock_timestamp() then clock_timestamp() + make_interval(secs => ${seconds}::float8) else due_at end,
           status = case when give_up_at > clock_timestamp() then 'queued' else 'failed' end,
           ended_at = case when give_up_at > clock_timestamp() then null else clock_timestamp() end
     where id = ${id} and status = 'queued'
    returning status = 'failed' as failed`
  return row?.failed ?? false
}

/** Puts an event off while another worker holds the account's lease; this does not count as an attempt. */
export async function releaseEvent(sql: Db, id: string, seconds: number): Promise<void> {
  await sql`
    update billing_events set leased_until = null, attempts = greatest(attempts - 1, 0), due_at = clock_timestamp() + make_interval(secs => ${seconds}::float8)
     where id = ${id} and status = 'queued'`
}

/** The part of an event that administrators see. */
export type EventItem = {
  id: string
  provider: string
  eventId: string
  type: string
  objectId: string | null
  status: EventStatus
  attempts: number
  lastError: string | null
  receivedAt: Date
  dueAt: Date
  endedAt: Date | null
}

/** Events, newest first. */
export async function listEvents(
  sql: Db,
  { provider, status }: { provider?: string; status?: EventStatus },
  limit: number,
  before: string | null,
): Promise<EventItem[]> {
  return sql<EventItem[]>`
    select id, provider, event_id, type, object_id, status, attempts, last_error, received_at, due_at, ended_at from billing_events
     where true ${provider ? sql`and provider = ${provider}` : sql``} ${status ? sql`and status = ${status}` : sql``}
           ${before ? sql`and id < ${before}::uuid` : sql``}
     order by id desc limit ${limit}`
}

/** Queues an event again, whatever its state. @returns false where it does not exist */
export async function requeueEvent(tx: Db, id: string): Promise<boolean> {
  const rows = await tx`
    update billing_events
       set status = 'queued', ended_at = null, due_at = clock_timestamp(), give_up_at = clock_timestamp() + interval '72 hours', attempts = 0, last_error = null
     where id = ${id} returning 1`
  return rows.length === 1
}

/** Queued and failed events, and for how many seconds the oldest queued one has waited. */
export async function findInbox(sql: Db): Promise<{ queued: number; failed: number; oldestSeconds: number }> {
  const [row] = await sql<{ queued: number; failed: number; oldestSeconds: number }[]>`
    select count(*) filter (where status = 'queued')::int as queued, count(*) filter (where status = 'failed')::int as failed,
           coalesce(extract(epoch from clock_timestamp() - min(received_at) filter (where status = 'queued')), 0)::float8 as oldest_seconds
      from billing_events where status in ('queued', 'failed')`
  return row ?? { queued: 0, failed: 0, oldestSeconds: 0 }
}
