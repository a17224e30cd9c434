import type { Db } from '../db/types.ts'
import type { ProviderStatus } from './providers/provider.ts'

/** The stored copy of a provider's subscription, as of its last fetch. */
export type Known = {
  provider: string
  subscriptionId: string
  accountId: string
  priceId: string | null
  pendingPriceId: string | null
  status: ProviderStatus
  startedAt: Date
  paidUntil: Date
  cancels: boolean
}

/** An account's subscriptions that may still change: not ended, or not fetched since something was done at the provider. */
export async function listToFetch(sql: Db, accountId: string): Promise<{ provider: string; subscriptionId: string }[]> {
  return sql<{ provider: string; subscriptionId: string }[]>`
    select provider, subscription_id from billing_subscriptions
     where account_id = ${accountId} and (status <> 'ended' or is_stale) order by started_at, subscription_id limit 20`
}

/** The stored subscriptions of a provider that have not ended. */
export async function listLiving(sql: Db, provider: string): Promise<Known[]> {
  return sql<Known[]>`
    select provider, subscription_id, account_id, price_id, pending_price_id, status, started_at, paid_until, cancels
      from billing_subscriptions where provider = ${provider} and status <> 'ended'`
}

/** The account of a provider's subscription; null where it was never fetched. */
export async function findOwner(sql: Db, provider: string, subscriptionId: string): Promise<string | null> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id from billing_subscriptions where provider = ${provider} and subscription_id = ${subscriptionId}`
  return row?.accountId ?? null
}

/** The account of a provider's customer. */
export async function findCustomerOwner(sql: Db, provider: string, customerId: string): Promise<string | null> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id from billing_customers where provider = ${provider} and customer_id = ${customerId}`
  return row?.accountId ?? null
}

/** An account's customer id at a provider; null: it has none yet. Locks nothing. */
export async function findCustomer(sql: Db, provider: string, accountId: string): Promise<string | null> {
  const [row] = await sql<{ customerId: string }[]>`
    select customer_id from billing_customers where provider = ${provider} and account_id = ${accountId}`
  return row?.customerId ?? null
}

/** Stores a customer; nothing where the account was erased meanwhile. */
export async function insertCustomer(sql: Db, provider: string, accountId: string, customerId: string): Promise<void> {
  await sql`
    insert into billing_customers (account_id, provider, customer_id)
    select id, ${provider}, ${customerId} from user_accounts where id = ${accountId} and status <> 'deleted' for key share
        on conflict do nothing`
}

/** Whether a subscription is stored as surplus, and when one that granted rights ended or was replaced by a grant. */
export async function findSurplus(
  tx: Db,
  provider: string,
  subscriptionId: string,
): Promise<{ isSurplus: boolean; stoppedAt: Date | null }> {
  const [row] = await tx<{ isSurplus: boolean; stoppedAt: Date | null }[]>`
    select is_surplus, least(over_at, released_at) as stopped_at from billing_subscriptions where provider = ${provider} and subscription_id = ${subscriptionId}`
  return row ?? { isSurplus: false, stoppedAt: null }
}

/**
 * `isSurplus`: it grants no rights from now on, whatever the provider says. `overAt`: when it ended; null: it continues. The end of a
 * surplus subscription is not changed: null where it never granted rights.
 */
type Verdict = { isSurplus: boolean; overAt: Date | null }

/** Stores the fetched state of a subscription. */
export async function upsertKnown(tx: Db, known: Known, verdict: Verdict): Promise<void> {
  await tx`
    insert into billing_subscriptions ${tx({ ...known, ...verdict })}
        on conflict (provider, subscription_id) do update
       set price_id = excluded.price_id, pending_price_id = excluded.pending_price_id, status = excluded.status, paid_until = excluded.paid_until,
           cancels = excluded.cancels,
           over_at = case when billing_subscriptions.is_surplus or excluded.is_surplus then billing_subscriptions.over_at else excluded.over_at end,
           is_surplus = billing_subscriptions.is_surplus or excluded.is_surplus, is_stale = false, fetched_at = clock_timestamp()
     where billing_subscriptions.account_id = excluded.account_id`
}

/** Marks an account's subscriptions that have not ended as surplus. @returns them */
export async function releaseKnown(tx: Db, accountId: string): Promise<{ provider: string; subscriptionId: string }[]> {
  return tx<{ provider: string; subscriptionId: string }[]>`
    update billing_subscriptions
       set released_at = case when is_surplus then released_at else clock_timestamp() end, is_surplus = true
     where account_id = ${accountId} and status <> 'ended' returning provider, subscription_id`
}

/**
 * Stops fetching a subscription that the provider does not find, until its next event. It is not marked as ended: keys of another
 * account at the provider would not find it either.
 */
export async function settleUnknown(sql: Db, provider: string, subscriptionId: string): Promise<void> {
  await sql`
    update billing_subscriptions set is_stale = false where provider = ${provider} and subscription_id = ${subscriptionId} and is_stale`
}
