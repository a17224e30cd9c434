import type { Plan, PlanPrice } from '../catalogue/catalogue.ts'
import { AppError, invalid } from '../errors/app-error.ts'
import type { BillingDeps } from './deps.ts'
import type { BillingProvider } from './providers/provider.ts'

/** The price that a person chooses. */
export type PriceChoice = { plan: string; interval: 'month' | 'year'; currency?: string; provider?: string }

/** A plan's offered price for an interval and currency; null: none. */
export function offeredPrice(plan: Plan, interval: 'month' | 'year', currency: string): PlanPrice | null {
  return plan.prices.find((price) => price.interval === interval && price.currency === currency) ?? null
}

/**
 * The provider for a currency: the requested one, else the first that prefers the currency, else the first that accepts it.
 * Null: none accepts it.
 * @throws AppError `validation-failed` for a provider that is not configured, `not-supported-by-provider` for one that does not accept it
 */
export function chooseProvider(
  { providers }: Pick<BillingDeps, 'providers'>,
  currency: string,
  requested: string | undefined,
): BillingProvider | null {
  if (requested !== undefined) {
    const provider = providers.find(({ name }) => name === requested)
    if (!provider) throw invalid('provider', 'This is no provider here.', 'unknown')
    if (!provider.accepts(currency)) throw new AppError('not-supported-by-provider')
    return provider
  }
  const taking = providers.filter((provider) => provider.accepts(currency))
  return taking.find((provider) => provider.prefers(currency)) ?? taking[0] ?? null
}

/** The provider that a stored row names. @throws AppError `payment-provider-unavailable` where it is no longer configured */
export function requireProvider({ providers }: Pick<BillingDeps, 'providers'>, name: string): BillingProvider {
  const provider = providers.find((candidate) => candidate.name === name)
  if (!provider) throw new AppError('payment-provider-unavailable', { cause: new Error(`${name} is not configured`) })
  return provider
}
