import type { Db } from '../db/types.ts'
import type { WebhookEvent } from './events.ts'

/** The owner of endpoints: an account, or the operators (null). */
export type Owner = string | null

/** An endpoint in the form that its owner sees, without its secret. */
export type EndpointItem = {
  id: string
  url: string
  description: string | null
  events: WebhookEvent[]
  enabled: boolean
  disabledReason: 'gone' | 'failing' | null
  failingSince: Date | null
  lastAttemptAt: Date | null
  createdAt: Date
  updatedAt: Date
}

const columns = (sql: Db) =>
  sql`id, url, description, events, enabled, disabled_reason, failing_since, last_attempt_at, created_at, updated_at`

const isOf = (sql: Db, owner: Owner) => (owner === null ? sql`account_id is null` : sql`account_id = ${owner}::uuid`)

/** Endpoints of an owner, newest first: at most `limit`, older than the endpoint `before`. */
export function listEndpoints(sql: Db, owner: Owner, limit: number, before: string | null): Promise<EndpointItem[]> {
  return sql<EndpointItem[]>`
    select ${columns(sql)} from webhook_endpoints where ${isOf(sql, owner)} and (${before}::uuid is null or id < ${before}::uuid)
     order by id desc limit ${limit}`
}

/** One endpoint of an owner; null where the owner has no such endpoint. Locks nothing. */
export async function findEndpoint(sql: Db, owner: Owner, id: string): Promise<EndpointItem | null> {
  const [row] = await sql<EndpointItem[]>`
    select ${columns(sql)} from webhook_endpoints where id = ${id} and ${isOf(sql, owner)}`
  return row ?? null
}

/** Serialises changes of the operators' endpoints; those of an account are serialised by its row. */
export async function lockOperatorsEndpoints(tx: Db): Promise<void> {
  await tx`select pg_advisory_xact_lock(360361, 0)`
}

/** The number of endpoints of an owner. The caller holds the owner's lock. */
export async function countEndpoints(sql: Db, owner: Owner): Promise<number> {
  const [row] = await sql<{ total: number }[]>`
    select count(*)::int as total from webhook_endpoints where ${isOf(sql, owner)}`
  return row?.total ?? 0
}

type NewEndpoint = {
  id: string
  owner: Owner
  createdBy: string
  url: string
  description: string | null
  events: WebhookEvent[]
  secret: Buffer
}

/**
 * Inserts an endpoint. The caller has checked the limit under the owner's lock. Null: the owner is not an active
 * account.
 */
export async function insertEndpoint(sql: Db, row: NewEndpoint): Promise<EndpointItem | null> {
  const [inserted] = await sql<EndpointItem[]>`
    insert into webhook_endpoints (id, account_id, created_by, url, description, events, secret)
    select ${row.id}::uuid, ${row.owner}::uuid, ${row.createdBy}::uuid, ${row.url}, ${row.description}, ${row.events}::text[], ${row.secret}::bytea
     where ${row.owner}::uuid is null or exists (select from user_accounts where id = ${row.owner}::uuid and status = 'active')
    returning ${columns(sql)}`
  return inserted ?? null
}

export type EndpointPatch = {
  url?: string | undefined
  description?: string | null | undefined
  events?: WebhookEvent[] | undefined
  enabled?: boolean | undefined
}

/** Changes the members that the patch has. Enabling clears the reason of an earlier disabling. */
export async function updateEndpoint(
  sql: Db,
  owner: Owner,
  id: string,
  { url, description, events, enabled }: EndpointPatch,
): Promise<EndpointItem | null> {
  const [row] = await sql<EndpointItem[]>`
    update webhook_endpoints
       set url = coalesce(${url ?? null}::text, url), events = coalesce(${events ?? null}::text[], events),
           description = case when ${description !== undefined}::boolean then ${description ?? null}::text else description end,
           enabled = coalesce(${enabled ?? null}::boolean, enabled),
           disabled_reason = case when ${enabled ?? null}::boolean then null else disabled_reason end,
           failing_since = case when ${enabled ?? null}::boolean then null else failing_since end,
           updated_at = clock_timestamp()
     where id = ${id} and ${isOf(sql, owner)}
    returning ${columns(sql)}`
  return row ?? null
}

/** Replaces the secret; the present one signs too for so many seconds. */
export async function replaceSecret(
  sql: Db,
  owner: Owner,
  id: string,
  { secret, earlier, overlapSeconds }: { secret: Buffer; earlier: Buffer; overlapSeconds: number },
): Promise<Date | null> {
  const [row] = await sql<{ earlierUntil: Date }[]>`
    update webhook_endpoints
       set secret = ${secret}, earlier_secret = ${earlier}, updated_at = clock_timestamp(),
           earlier_until = clock_timestamp() + make_interval(secs => ${overlapSeconds}::int)
     where id = ${id} and ${isOf(sql, owner)}
    returning earlier_until`
  return row?.earlierUntil ?? null
}

/** The current secret, its row locked until the transaction ends; null where the owner has no such endpoint. */
export async function lockSecret(tx: Db, owner: Owner, id: string): Promise<Buffer | null> {
  const [row] = await tx<{ secret: Buffer }[]>`
    select secret from webhook_endpoints where id = ${id} and ${isOf(tx, owner)} for no key update`
  return row?.secret ?? null
}

/** Deletes an endpoint of an owner with its deliveries. @returns whether there was one */
export async function deleteEndpoint(sql: Db, owner: Owner, id: string): Promise<boolean> {
  const { count } = await sql`delete from webhook_endpoints where id = ${id} and ${isOf(sql, owner)}`
  return count > 0
}
