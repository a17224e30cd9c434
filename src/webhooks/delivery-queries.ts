import { type AuthzState, authzStateColumns } from '../access/rights.ts'
import type { Db } from '../db/types.ts'

/** An endpoint that this instance may deliver to until its lease ends. The state is that of its account. */
export type ClaimedEndpoint = Omit<AuthzState, 'status'> & {
  id: string
  accountId: string | null
  createdBy: string
  url: string
  enabled: boolean
  secret: Buffer
  /** The secret before a rotation, which signs too; null once it has expired. */
  earlierSecret: Buffer | null
  isFailing: boolean
  /** The status of the account; null: an endpoint of the operators. */
  status: AuthzState['status'] | null
}

type Claim = {
  limit: number
  leaseSeconds: number
  /** `prompt`: endpoints whose last attempt was answered fast, and new ones; `late`: those that fail or were slow. */
  kind: 'prompt' | 'late'
  /**
   * Endpoints that this instance still delivers to: one whose lease has just ended is not claimed before its turn is
   * over here.
   */
  running: readonly string[]
  /** The most endpoints of one account. */
  perAccount: number
  /** Accounts that have all places that they may have. */
  crowded: readonly string[]
  /** Seconds after a failed attempt in which the endpoint is not claimed. */
  pauseSeconds: number
}

/**
 * Claims up to `limit` endpoints with due deliveries, longest waiting first, that no instance delivers to. Late
 * endpoints are claimed separately, so that they cannot use up the places of the others. Endpoints with work are found
 * by a loose index scan, whatever the length of their queues.
 */
export function claimEndpoints(
  sql: Db,
  { limit, leaseSeconds, kind, running, perAccount, crowded, pauseSeconds }: Claim,
): Promise<ClaimedEndpoint[]> {
  return sql<ClaimedEndpoint[]>`
    with recursive waiting (endpoint_id) as (
      (select endpoint_id from webhook_deliveries where status = 'queued' order by endpoint_id limit 1)
      union all
      select (select d.endpoint_id from webhook_deliveries d where d.status = 'queued' and d.endpoint_id > w.endpoint_id order by d.endpoint_id limit 1)
        from waiting w where w.endpoint_id is not null),
    turn as (
      select e.id, row_number() over (partition by coalesce(e.account_id, e.id) order by e.last_attempt_at nulls first) as of_account
        from waiting w join webhook_endpoints e on e.id = w.endpoint_id
       where (e.leased_until is null or e.leased_until <= clock_timestamp())
         and (e.failing_since is not null or e.is_slow) = ${kind === 'late'}::boolean
         and (e.failing_since is null or coalesce(e.last_attempt_at, '-infinity') <= clock_timestamp() - make_interval(secs => ${pauseSeconds}::int))
         and e.id <> all (${running as string[]}::uuid[]) and (e.account_id is null or e.account_id <> all (${crowded as string[]}::uuid[]))
         and exists (select from webhook_deliveries d where d.endpoint_id = e.id and d.status = 'queued' and d.due_at <= clock_timestamp())),
    due as (
      select e.id from webhook_endpoints e
       where e.id in (select id from turn where of_account <= ${perAccount}) and (e.leased_until is null or e.leased_until <= clock_timestamp())
       order by e.last_attempt_at nulls first limit ${limit}
         for no key update of e skip locked),
    claimed as (
      update webhook_endpoints e set leased_until = clock_timestamp() + make_interval(secs => ${leaseSeconds}::int)
        from due where e.id = due.id
      returning e.id, e.account_id, e.created_by, e.url, e.secret, e.enabled, e.failing_since is not null as is_failing,
                case when e.earlier_until > clock_timestamp() then e.earlier_secret end as earlier_secret)
    select c.*, ${authzStateColumns(sql)} from claimed c left join account_authz a on a.id = c.account_id`
}

/** A message to deliver. */
export type DueDelivery = { id: string; messageId: string; body: string; attempts: number }

/** The due deliveries of an endpoint, longest waiting first. The caller holds its lease. */
export function listDue(sql: Db, endpointId: string, limit: number): Promise<DueDelivery[]> {
  return sql<DueDelivery[]>`
    select d.id, d.message_id, m.body, d.attempts from webhook_deliveries d join webhook_messages m on m.id = d.message_id
     where d.endpoint_id = ${endpointId} and d.status = 'queued' and d.due_at <= clock_timestamp()
     order by d.due_at, d.id limit ${limit}`
}

/** The outcome of an attempt. `retryAfterSeconds` null: it was the last. */
export type Attempt = {
  id: string
  attempts: number
  delivered: boolean
  durationMs: number
  responseStatus: number | null
  responseBody: string | null
  error: string | null
  retryAfterSeconds: number | null
}

type Turn = {
  /** An attempt that took longer makes the endpoint a late one. */
  slowMs: number
  /** The longest time of failing before the endpoint is disabled. */
  disableAfterSeconds: number
  /** Whether the lease ends with this turn. */
  isOver: boolean
}

/**
 * Stores the outcomes of attempts, and whether the endpoint fails or is late.
 * @returns whether it has failed for longer than `disableAfterSeconds`
 */
export async function recordAttempts(
  sql: Db,
  endpointId: string,
  attempts: readonly Attempt[],
  { slowMs, disableAfterSeconds, isOver }: Turn,
): Promise<boolean> {
  const isFailing = attempts.some(({ delivered }) => !delivered)
  const isSlow = attempts.some(({ durationMs }) => durationMs > slowMs)
  const [row] = await sql<{ isHopeless: boolean }[]>`
    with outcome as (
      select * from json_to_recordset(${JSON.stringify(attempts)}::text::json) as o(
        id uuid, attempts smallint, delivered boolean, "durationMs" integer, "responseStatus" smallint, "responseBody" text, error text,
        "retryAfterSeconds" float8)),
    written as (
      update webhook_deliveries d
         set attempts = o.attempts + 1, last_attempt_at = clock_timestamp(), duration_ms = o."durationMs", response_status = o."responseStatus",
             response_body = o."responseBody", last_error = o.error,
             status = case when o.delivered then 'delivered' when o."retryAfterSeconds" is null then 'failed' else 'queued' end,
             due_at = case when o.delivered then d.due_at else clock_timestamp() + make_interval(secs => coalesce(o."retryAfterSeconds", 0)) end,
             ended_at = case when o.delivered or o."retryAfterSeconds" is null then clock_timestamp() end
        from outcome o where d.id = o.id and d.status = 'queued' and d.attempts = o.attempts)
    update webhook_endpoints
       set last_attempt_at = clock_timestamp(), is_slow = ${isSlow}::boolean,
           failing_since = case when ${isFailing}::boolean then coalesce(failing_since, clock_timestamp()) end,
           leased_until = case when ${isOver}::boolean then null else leased_until end
     where id = ${endpointId}
    returning coalesce(failing_since < clock_timestamp() - make_interval(secs => ${disableAfterSeconds}::int), false) as is_hopeless`
  return row?.isHopeless ?? false
}

/** Ends the lease, so that the next can be taken as soon as a delivery is due. */
export async function releaseEndpoint(sql: Db, id: string): Promise<void> {
  await sql`update webhook_endpoints set leased_until = null where id = ${id}`
}

/** Ends the waiting deliveries of an endpoint that gets none any more. */
export async function endQueued(sql: Db, endpointId: string, error: string): Promise<void> {
  await sql`
    update webhook_deliveries set status = 'failed', ended_at = clock_timestamp(), last_error = ${error}
     where endpoint_id = ${endpointId} and status = 'queued'`
}

/** Disables an endpoint. @returns whether it was enabled */
export async function disableEndpoint(tx: Db, id: string, reason: 'gone' | 'failing'): Promise<boolean> {
  const { count } = await tx`
    update webhook_endpoints set enabled = false, disabled_reason = ${reason}, updated_at = clock_timestamp() where id = ${id} and enabled`
  return count > 0
}

/**
 * Locks an account's row like a mail to it. An erasure locks the account before its endpoints; the same order prevents
 * deadlocks.
 */
export async function holdAccount(tx: Db, id: string): Promise<void> {
  await tx`select 1 from user_accounts where id = ${id} for key share`
}
