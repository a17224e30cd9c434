import type { BillingDeps } from './deps.ts'
import { findPlanPrice, findProviderPrice, insertProviderPrice, listByProviderIds } from './price-queries.ts'
import type { BillingProvider, PlanPrice, Read, Write } from './providers/provider.ts'
import type { Facts } from './standing.ts'

/** Charges of so long ago are not fetched again: the longest period is a year. */
const paymentsMs = 400 * 86_400_000

/** What a provider says now of a subscription; null: it knows none of that id. Outside every transaction. @throws ProviderError */
export async function fetchFacts(
  deps: BillingDeps,
  provider: BillingProvider,
  subscriptionId: string,
  call: Read,
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

/** A price with the provider's id of it; it is made there the first time. @throws ProviderError; Error where there is no such price */
export async function ensureProviderPrice(
  { sql }: Pick<BillingDeps, 'sql'>,
  provider: BillingProvider,
  id: string,
  call: Write,
): Promise<{ price: PlanPrice; priceId: string; isNew: boolean }> {
  const price = await findPlanPrice(sql, id)
  if (!price) throw new Error(`there is no price ${id}`)
  const known = await findProviderPrice(sql, provider.name, id)
  if (known) return { price, priceId: known, isNew: false }
  const priceId = await provider.ensurePrice(price, { ...call, key: `price_${id}` })
  await insertProviderPrice(sql, provider.name, id, priceId)
  return { price, priceId, isNew: true }
}
