import type { Db } from '../db/types.ts'
import type { Owner } from './endpoint-queries.ts'

/** A delivery in the form that its endpoint's owner sees. */
export type DeliveryItem = {
  id: string
  messageId: string
  type: string
  status: 'queued' | 'delivered' | 'failed'
  attempts: number
  createdAt: Date
  dueAt: Date
  lastAttemptAt: Date | null
  durationMs: number | null
  responseStatus: number | null
  responseBody: string | null
  lastError: string | null
  endedAt: Date | null
}

const columns = (sql: Db) => sql`
  d.id, d.message_id, m.type, d.status, d.attempts, m.created_at, d.due_at, d.last_attempt_at, d.duration_ms, d.response_status,
  d.response_body, d.last_error, d.ended_at`

/** An endpoint's deliveries, newest first: `limit` of them before the delivery `before`. */
export async function listDeliveries(
  sql: Db,
  endpointId: string,
  limit: number,
  before: string | null,
): Promise<DeliveryItem[]> {
  return sql<DeliveryItem[]>`
    select ${columns(sql)} from webhook_deliveries d join webhook_messages m on m.id = d.message_id
     where d.endpoint_id = ${endpointId} and (${before}::uuid is null or d.id < ${before}::uuid)
     order by d.id desc limit ${limit}`
}

/** The number of waiting deliveries of an endpoint, counted up to `most`. */
export async function countWaiting(sql: Db, endpointId: string, most: number): Promise<number> {
  const [row] = await sql<{ waiting: number }[]>`
    select count(*)::int as waiting
      from (select from webhook_deliveries where endpoint_id = ${endpointId} and status = 'queued' limit ${most}) w`
  return row?.waiting ?? 0
}

/**
 * Queues a message of an earlier delivery again: a new delivery with the same message id; null where the endpoint has
 * no such delivery.
 */
export async function redeliver(tx: Db, endpointId: string, deliveryId: string): Promise<DeliveryItem | null> {
  const [row] = await tx<DeliveryItem[]>`
    with d as (
      insert into webhook_deliveries (id, endpoint_id, message_id)
      select uuid_v7(), endpoint_id, message_id from webhook_deliveries where id = ${deliveryId} and endpoint_id = ${endpointId}
      returning *)
    select ${columns(tx)} from d join webhook_messages m on m.id = d.message_id`
  return row ?? null
}

/** Queues a test message. */
export async function insertTest(tx: Db, endpointId: string, owner: Owner): Promise<DeliveryItem> {
  const [row] = await tx<DeliveryItem[]>`
    with m as (
      insert into webhook_messages (id, type, body, account_id)
      select uuid_v7(), 'webhook.test', webhook_body('webhook.test', jsonb_build_object('endpointId', ${endpointId}::uuid)), ${owner}::uuid
      returning *),
    d as (
      insert into webhook_deliveries (id, endpoint_id, message_id) select uuid_v7(), ${endpointId}::uuid, id from m
      returning *)
    select ${columns(tx)} from d join m on m.id = d.message_id`
  if (!row) throw new Error('an insert returns its row')
  return row
}

/** Notifies the delivering instances at the commit. */
export async function notifyDeliveries(tx: Db): Promise<void> {
  await tx`select pg_notify('webhook_deliveries', '')`
}

/**
 * The number of waiting deliveries; for how many seconds the oldest to a prompt endpoint has been due; and the
 * endpoints that fail or were disabled for failing.
 */
export async function findBacklog(
  sql: Db,
): Promise<{ queued: number; oldestSeconds: number; failing: number; disabled: number }> {
  const [row] = await sql<{ queued: number; oldestSeconds: number; failing: number; disabled: number }[]>`
    select d.queued, d.oldest_seconds, e.failing, e.disabled
      from (select count(*)::int as queued,
                   greatest(0, coalesce(extract(epoch from clock_timestamp()
                     - min(q.due_at) filter (where w.failing_since is null and not w.is_slow)), 0))::float8 as oldest_seconds
              from webhook_deliveries q join webhook_endpoints w on w.id = q.endpoint_id where q.status = 'queued') d
     cross join (select count(*) filter (where failing_since is not null)::int as failing, count(*) filter (where disabled_reason is not null)::int as disabled
                   from webhook_endpoints) e`
  return row ?? { queued: 0, oldestSeconds: 0, failing: 0, disabled: 0 }
}
