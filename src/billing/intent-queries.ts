import type { Db } from '../db/types.ts'

export type IntentKind = 'checkout' | 'upgrade' | 'downgrade' | 'cancel' | 'resume'

export type Intent = {
  id: string
  accountId: string
  kind: IntentKind
  provider: string
  priceId: string | null
  /** The provider's subscription that shall change. */
  subscriptionId: string | null
  returnTo: string | null
  /** When the paid period begins; null: at once. */
  startsAt: Date | null
  /** `wanted`: the provider was not told yet, or did not answer. `open`: the person has to pay at `page`. */
  state: 'wanted' | 'open' | 'done' | 'refused' | 'expired'
  checkoutId: string | null
  /** Encrypted. */
  page: Buffer | null
  expiresAt: Date
  hasExpired: boolean
}

const columns = (sql: Db) =>
  sql`id, account_id, kind, provider, price_id, subscription_id, return_to, starts_at, state, checkout_id, page, expires_at,
      expires_at <= clock_timestamp() as has_expired`

export type NewIntent = Pick<Intent, 'accountId' | 'kind' | 'provider' | 'priceId' | 'subscriptionId'> &
  Partial<Pick<Intent, 'returnTo' | 'startsAt'>>

/** @returns its id */
export async function insertIntent(tx: Db, intent: NewIntent): Promise<string> {
  const id = Bun.randomUUIDv7()
  const { accountId, kind, provider, priceId, subscriptionId, returnTo = null, startsAt = null } = intent
  await tx`
    insert into billing_intents (id, account_id, kind, provider, price_id, subscription_id, return_to, starts_at, expires_at)
    values (${id}, ${accountId}, ${kind}, ${provider}, ${priceId}, ${subscriptionId}, ${returnTo}, ${startsAt}, clock_timestamp() + interval '24 hours')`
  return id
}

/** An intent of an account. */
export async function findIntent(sql: Db, accountId: string, id: string): Promise<Intent | null> {
  const [row] = await sql<Intent[]>`
    select ${columns(sql)} from billing_intents where id = ${id} and account_id = ${accountId}`
  return row ?? null
}

/** Whose intent it is, by what a provider's subscription says that it came from. */
export async function findIntentOwner(sql: Db, provider: string, reference: string): Promise<string | null> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id from billing_intents where provider = ${provider} and id::text = ${reference}`
  return row?.accountId ?? null
}

export async function findCheckoutOwner(sql: Db, provider: string, checkoutId: string): Promise<string | null> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id from billing_intents where provider = ${provider} and checkout_id = ${checkoutId} limit 1`
  return row?.accountId ?? null
}

/** What an account still wants, oldest first. */
export async function listOpenIntents(sql: Db, accountId: string): Promise<Intent[]> {
  return sql<Intent[]>`
    select ${columns(sql)} from billing_intents where account_id = ${accountId} and ended_at is null order by id limit 20`
}

/** The checkout that is open, or was not opened yet. Lock the account's row first. */
export async function findOpenCheckout(tx: Db, accountId: string): Promise<Intent | null> {
  const [row] = await tx<Intent[]>`
    select ${columns(tx)} from billing_intents where account_id = ${accountId} and kind = 'checkout' and ended_at is null`
  return row ?? null
}

/** The provider has a page for it. @returns false where it ended meanwhile */
export async function openIntent(
  sql: Db,
  id: string,
  { checkoutId, page, expiresAt }: { checkoutId: string | null; page: Buffer; expiresAt: Date },
): Promise<boolean> {
  const rows = await sql`
    update billing_intents set state = 'open', checkout_id = ${checkoutId}, page = ${page}, expires_at = ${expiresAt}
     where id = ${id} and ended_at is null returning 1`
  return rows.length === 1
}

/** It is over; the page goes with it. */
export async function endIntent(sql: Db, id: string, state: 'done' | 'refused' | 'expired'): Promise<void> {
  await sql`
    update billing_intents set state = ${state}, ended_at = clock_timestamp(), page = null, page_url = null where id = ${id} and ended_at is null`
}

/** Ends what is open of an account. @returns the checkouts that somebody might still pay at */
export async function endIntents(tx: Db, accountId: string): Promise<{ provider: string; checkoutId: string }[]> {
  return tx<{ provider: string; checkoutId: string }[]>`
    with ended as (
      update billing_intents set state = 'expired', ended_at = clock_timestamp(), page = null, page_url = null
       where account_id = ${accountId} and ended_at is null returning provider, checkout_id)
    select provider, checkout_id from ended where checkout_id is not null`
}
