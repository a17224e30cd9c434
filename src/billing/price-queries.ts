import type { Db } from '../db/types.ts'
import type { PlanPrice } from './providers/provider.ts'

/** A price that a subscription may be on, offered or retired. */
export type KnownPrice = { id: string; plan: string; interval: 'month' | 'year'; currency: string; amountMinor: number }

type Row = Omit<PlanPrice, 'plan' | 'money'> & {
  name: string
  displayName: string
  description: string
  amountMinor: number
  currency: string
}

/** A price with its plan, as `ensurePrice` takes it. */
export async function findPlanPrice(sql: Db, priceId: string): Promise<PlanPrice | null> {
  const [row] = await sql<Row[]>`
    select p.id, p.billing_interval as interval, p.amount_minor::float8 as amount_minor, p.currency, p.tax_inclusive, s.name, s.display_name, s.description
      from plan_prices p join subscription_plans s on s.name = p.plan where p.id = ${priceId}`
  if (!row) return null
  const { name, displayName, description, amountMinor, currency, ...price } = row
  return { ...price, plan: { name, displayName, description }, money: { amountMinor, currency } }
}

/** The ids of all offered prices, by tier of their plan. */
export async function listOfferedPriceIds(sql: Db): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select p.id from plan_prices p join subscription_plans s on s.name = p.plan
     where p.retired_at is null and s.retired_at is null order by s.tier, p.currency, p.billing_interval`
  return rows.map(({ id }) => id)
}

/** A price by its id, offered or retired; null where there is none. Locks nothing. */
export async function findPrice(sql: Db, priceId: string): Promise<KnownPrice | null> {
  const [row] = await sql<KnownPrice[]>`
    select id, plan, billing_interval as interval, currency, amount_minor::float8 as amount_minor from plan_prices where id = ${priceId}`
  return row ?? null
}

/** A price's id at a provider; null: it was not made there yet. */
export async function findProviderPrice(sql: Db, provider: string, priceId: string): Promise<string | null> {
  const [row] = await sql<{ providerPriceId: string }[]>`
    select provider_price_id from provider_prices where provider = ${provider} and price_id = ${priceId}`
  return row?.providerPriceId ?? null
}

/** Stores the id of a price at a provider. Of two concurrent calls the first is kept. */
export async function insertProviderPrice(
  sql: Db,
  provider: string,
  priceId: string,
  providerPriceId: string,
): Promise<void> {
  await sql`
    insert into provider_prices (provider, price_id, provider_price_id) values (${provider}, ${priceId}, ${providerPriceId})
        on conflict do nothing`
}

/** Prices by their ids at a provider. */
export async function listByProviderIds(sql: Db, provider: string, ids: string[]): Promise<Map<string, KnownPrice>> {
  const rows = await sql<(KnownPrice & { providerPriceId: string })[]>`
    select p.id, p.plan, p.billing_interval as interval, p.currency, p.amount_minor::float8 as amount_minor, v.provider_price_id
      from provider_prices v join plan_prices p on p.id = v.price_id
     where v.provider = ${provider} and v.provider_price_id = any(${ids}::text[])`
  return new Map(rows.map(({ providerPriceId, ...price }) => [providerPriceId, price]))
}
