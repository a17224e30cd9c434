import type { Db } from '../db/types.ts'
import { type Share, withinShare } from './share.ts'

/**
 * Takes the lease of an account's billing for so many seconds, unless another worker holds it or the account is erased.
 * Waits for a concurrent erasure.
 */
export async function takeLease(
  sql: Db,
  accountId: string,
  leaseId: string,
  seconds: number,
): Promise<{ isTaken: boolean; isErased: boolean }> {
  const [row] = await sql<{ isTaken: boolean; isErased: boolean }[]>`
    with account as materialized (
      select id from user_accounts where id = ${accountId} and status <> 'deleted' for key share),
    lease as (
      insert into billing_accounts as b (account_id, lease_id, leased_until)
      select id, ${leaseId}::uuid, clock_timestamp() + make_interval(secs => ${seconds}::int) from account
          on conflict (account_id) do update set lease_id = excluded.lease_id, leased_until = excluded.leased_until
       where b.leased_until is null or b.leased_until <= clock_timestamp()
      returning 1)
    select exists (select from lease) as is_taken, not exists (select from account) as is_erased`
  if (!row) throw new Error('a select without from is one row')
  return row
}

/** Whether a lease is still held; locks its row until the transaction ends, so that nobody takes it meanwhile. */
export async function holdLease(tx: Db, accountId: string, leaseId: string): Promise<boolean> {
  const rows = await tx`
    select 1 from billing_accounts
     where account_id = ${accountId} and lease_id = ${leaseId}::uuid and leased_until > clock_timestamp() for update`
  return rows.length === 1
}

/** Ends a lease, unless another worker has taken it over. */
export async function releaseLease(sql: Db, accountId: string, leaseId: string): Promise<void> {
  await sql`
    update billing_accounts set lease_id = null, leased_until = null
     where account_id = ${accountId} and lease_id = ${leaseId}::uuid`
}

/**
 * Schedules a synchronisation of the account's billing after so many seconds, unless an earlier one is scheduled, or the
 * account is erased.
 * @param provider a provider that will be called besides those already known; null: none
 */
export async function scheduleSync(
  sql: Db,
  accountId: string,
  seconds: number,
  provider: string | null = null,
): Promise<void> {
  await sql`
    insert into billing_accounts as b (account_id, provider, due_at)
    select id, ${provider}, clock_timestamp() + make_interval(secs => ${seconds}::float8)
      from user_accounts where id = ${accountId} and status <> 'deleted' for key share
        on conflict (account_id) do update
       set due_at = least(b.due_at, excluded.due_at),
           provider = case when excluded.provider is null or b.due_at is null then coalesce(excluded.provider, b.provider)
                           when b.provider = excluded.provider then b.provider end`
}

/** Schedules the next synchronisation after one succeeded: at `at`, or earlier where subscriptions are stale or intents wait. */
export async function setNextSync(tx: Db, accountId: string, at: Date | null): Promise<void> {
  await tx`
    update billing_accounts
       set attempts = 0, last_error = null,
           provider = (
             select case when count(distinct a.provider) = 1 then min(a.provider) end
               from (select provider from billing_subscriptions where account_id = ${accountId} and (status <> 'ended' or is_stale)
                      union all
                     select provider from billing_intents where account_id = ${accountId} and ended_at is null) a),
           due_at = least(
             ${at}::timestamptz,
             (select clock_timestamp() from billing_subscriptions where account_id = ${accountId} and is_stale limit 1),
             (select min(case state when 'wanted' then clock_timestamp() + interval '45 seconds' else expires_at + interval '1 minute' end)
                from billing_intents where account_id = ${accountId} and ended_at is null))
     where account_id = ${accountId}`
}

/** Schedules a retry after so many seconds, and stores the error. */
export async function postponeSync(sql: Db, accountId: string, seconds: number, error: string): Promise<void> {
  await sql`
    update billing_accounts
       set attempts = least(attempts + 1, 1000000), last_error = ${error.slice(0, 500)},
           due_at = clock_timestamp() + make_interval(secs => ${seconds}::float8)
     where account_id = ${accountId}`
}

/** Due accounts of a share without a lease. Another worker may take one meanwhile; taking the lease decides. */
export async function listDue(
  sql: Db,
  share: Share,
  limit: number,
): Promise<{ accountId: string; attempts: number }[]> {
  return sql<{ accountId: string; attempts: number }[]>`
    select account_id, attempts from billing_accounts
     where ${withinShare(sql, share)} and due_at <= clock_timestamp() and (leased_until is null or leased_until <= clock_timestamp())
     order by due_at limit ${limit}`
}
