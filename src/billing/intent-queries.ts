import type { Db } from '../db/types.ts'

export type IntentKind = 'checkout' | 'upgrade' | 'downgrade' | 'cancel' | 'resume'

/** A change that a person requested at a provider; stored with the request's transaction, carried out after it. */
export type Intent = {
  id: string
  accountId: string
  kind: IntentKind
  provider: string
  priceId: string | null
  /** The provider's subscription that is to change. */
  subscriptionId: string | null
  returnTo: string | null
  /** When the paid period begins; null: at once. */
  startsAt: Date | null
  /** `wanted`: not sent to the provider yet, or without an answer. `open`: the person has to pay at `page`. */
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

type NewIntent = Pick<Intent, 'accountId' | 'kind' | 'provider' | 'priceId' | 'subscriptionId'> &
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

/** The account of the intent that a provider's subscription has as its reference. */
export async function findIntentOwner(sql: Db, provider: string, reference: string): Promise<string | null> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id from billing_intents where provider = ${provider} and id::text = ${reference}`
  return row?.accountId ?? null
}

/** The account of a checkout at a provider; null where no intent has it. Locks nothing. */
export async function findCheckoutOwner(sql: Db, provider: string, checkoutId: string): Promise<string | null> {
  const [row] = await sql<{ accountId: string }[]>`
    select account_id from billing_intents where provider = ${provider} and checkout_id = ${checkoutId} limit 1`
  return row?.accountId ?? null
}

/** An account's intents that have not ended, oldest first. */
export async function listOpenIntents(sql: Db, accountId: string): Promise<Intent[]> {
  return sql<Intent[]>`
    select ${columns(sql)} from billing_intents where account_id = ${accountId} and ended_at is null order by id limit 20`
}

/** The account's checkout that has not ended. The caller has locked the account's row. */
export async function findOpenCheckout(tx: Db, accountId: string): Promise<Intent | null> {
  const [row] = await tx<Intent[]>`
    select ${columns(tx)} from billing_intents where account_id = ${accountId} and kind = 'checkout' and ended_at is null`
  return row ?? null
}

/** Stores the provider's page of an intent. @returns false where the intent ended meanwhile */
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

/** Ends an intent and deletes its page. */
export async function endIntent(sql: Db, id: string, state: 'done' | 'refused' | 'expired'): Promise<void> {
  await sql`
    update billing_intents set state = ${state}, ended_at = clock_timestamp(), page = null, page_url = null where id = ${id} and ended_at is null`
}

/** Ends all intents of an account. @returns the checkouts that are still open at their providers */
export async function endIntents(tx: Db, accountId: string): Promise<{ provider: string; checkoutId: string }[]> {
  return tx<{ provider: string; checkoutId: string }[]>`
    with ended as (
      update billing_intents set state = 'expired', ended_at = clock_timestamp(), page = null, page_url = null
       where account_id = ${accountId} and ended_at is null returning provider, checkout_id)
    select provider, checkout_id from ended where checkout_id is not null`
}
