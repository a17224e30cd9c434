import type { BillingDeps } from './deps.ts'
import { findPlanPrice, findProviderPrice, insertProviderPrice, listByProviderIds } from './price-queries.ts'
import type { BillingProvider, CallOptions, PlanPrice, WriteOptions } from './providers/provider.ts'
import type { Facts } from './standing.ts'

/** Age in milliseconds up to which charges are fetched: the longest billing period is a year. */
const paymentsMs = 400 * 86_400_000

/** The provider's current state of a subscription; null: it has none of that id. Call it outside transactions. @throws ProviderError */
export async function fetchFacts(
  deps: BillingDeps,
  provider: BillingProvider,
  subscriptionId: string,
  call: CallOptions,
): Promise<Facts | null> {
  const subscription = await provider.fetchSubscription(subscriptionId, call)
  if (!subscription) return null
  const payments = await provider.listPayments(subscription, new Date(deps.now() - paymentsMs), call)
  const { priceId, pendingPriceId } = subscription
  const prices = await listByProviderIds(deps.sql, provider.name, [priceId, pendingPriceId ?? priceId])
  return {
    provider: provider.name,
    subscription,
    price: prices.get(priceId) ?? null,
    pendingPrice: pendingPriceId === null ? null : (prices.get(pendingPriceId) ?? null),
    payments,
  }
}

/** A price and its id at the provider, where it is made if it does not exist. @throws ProviderError; Error where there is no such price */
export async function ensureProviderPrice(
  { sql }: Pick<BillingDeps, 'sql'>,
  provider: BillingProvider,
  id: string,
  call: WriteOptions,
): Promise<{ price: PlanPrice; priceId: string; isNew: boolean }> {
  const price = await findPlanPrice(sql, id)
  if (!price) throw new Error(`there is no price ${id}`)
  const known = await findProviderPrice(sql, provider.name, id)
  if (known) return { price, priceId: known, isNew: false }
  const priceId = await provider.ensurePrice(price, { ...call, key: `price_${id}` })
  await insertProviderPrice(sql, provider.name, id, priceId)
  return { price, priceId, isNew: true }
}
