import type { Db } from '../db/types.ts'
import type { ProviderStatus } from './providers/provider.ts'

/** A provider's subscription as it was when it was fetched last. */
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

/** Those of an account that may still change: what has ended, and was looked at since, does not. */
export async function listToFetch(sql: Db, accountId: string): Promise<{ provider: string; subscriptionId: string }[]> {
  return sql<{ provider: string; subscriptionId: string }[]>`
    select provider, subscription_id from billing_subscriptions
     where account_id = ${accountId} and (status <> 'ended' or is_stale) order by started_at, subscription_id limit 20`
}

/** Those of a provider that are alive, as they were when they were fetched last. */
export async function listLiving(sql: Db, provider: string): Promise<Known[]> {
  return sql<Known[]>`
    select provider, subscription_id, account_id, price_id, pending_price_id, status, started_at, paid_until, cancels
      from billing_subscriptions where provider = ${provider} and status <> 'ended'`
}

/** Whose it is; null where it was never fetched. */
export async function findOwner(sql: Db, provider: string, subscriptionId: string): Promise<string | null> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id from billing_subscriptions where provider = ${provider} and subscription_id = ${subscriptionId}`
  return row?.accountId ?? null
}

/** Whose customer it is. */
export async function findCustomerOwner(sql: Db, provider: string, customerId: string): Promise<string | null> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id from billing_customers where provider = ${provider} and customer_id = ${customerId}`
  return row?.accountId ?? null
}

export async function findCustomer(sql: Db, provider: string, accountId: string): Promise<string | null> {
  const [row] = await sql<{ customerId: string }[]>`
    select customer_id from billing_customers where provider = ${provider} and account_id = ${accountId}`
  return row?.customerId ?? null
}

/** Nothing where the account was erased meanwhile. */
export async function insertCustomer(sql: Db, provider: string, accountId: string, customerId: string): Promise<void> {
  await sql`
    insert into billing_customers (account_id, provider, customer_id)
    select id, ${provider}, ${customerId} from user_accounts where id = ${accountId} and status <> 'deleted' for key share
        on conflict do nothing`
}

/** Whether a subscription was found to be one too many. */
export async function isSurplus(tx: Db, provider: string, subscriptionId: string): Promise<boolean> {
  const [row] = await tx<{ isSurplus: boolean }[]>`
    select is_surplus from billing_subscriptions where provider = ${provider} and subscription_id = ${subscriptionId}`
  return row?.isSurplus ?? false
}

/** Writes down what was fetched. `surplus`: it gives no rights from now on, whatever it says. */
export async function upsertKnown(tx: Db, known: Known, surplus: boolean): Promise<void> {
  await tx`
    insert into billing_subscriptions ${tx({ ...known, isSurplus: surplus })}
        on conflict (provider, subscription_id) do update
       set price_id = excluded.price_id, pending_price_id = excluded.pending_price_id, status = excluded.status, paid_until = excluded.paid_until,
           cancels = excluded.cancels, is_surplus = billing_subscriptions.is_surplus or excluded.is_surplus, is_stale = false, fetched_at = clock_timestamp()
     where billing_subscriptions.account_id = excluded.account_id`
}

/** Marks every living one as surplus. @returns them */
export async function releaseKnown(tx: Db, accountId: string): Promise<{ provider: string; subscriptionId: string }[]> {
  return tx<{ provider: string; subscriptionId: string }[]>`
    update billing_subscriptions set is_surplus = true
     where account_id = ${accountId} and status <> 'ended' returning provider, subscription_id`
}
