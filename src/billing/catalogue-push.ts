import type { BillingDeps } from './deps.ts'
import { ensureProviderPrice } from './facts.ts'
import { findPlanPrice, findProviderPrice, listOfferedPriceIds } from './price-queries.ts'
import type { PlanPrice } from './providers/provider.ts'

/** Timeout of one price, in milliseconds. */
const priceMs = 20_000

/** An offered price at a provider. `missing`: it would be made with `applies`. */
type Pushed = { provider: string; price: PlanPrice; state: 'known' | 'missing' | 'made' }

/**
 * Makes every offered price at every provider that accepts its currency, unless it exists there. Idempotent.
 * @param applies false: only lists what is missing
 * @throws ProviderError
 */
export async function* pushCatalogue(deps: BillingDeps, applies: boolean): AsyncGenerator<Pushed> {
  for (const id of await listOfferedPriceIds(deps.sql)) {
    const price = await findPlanPrice(deps.sql, id)
    if (!price) continue
    for (const provider of deps.providers.filter((candidate) => candidate.accepts(price.money.currency))) {
      const isKnown = (await findProviderPrice(deps.sql, provider.name, id)) !== null
      const call = { signal: AbortSignal.timeout(priceMs), key: `price_${id}` }
      if (!isKnown && applies) await ensureProviderPrice(deps, provider, id, call)
      yield { provider: provider.name, price, state: isKnown ? 'known' : applies ? 'made' : 'missing' }
    }
  }
}
