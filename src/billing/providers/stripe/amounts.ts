import { decimalsOf, type Money } from '../../money.ts'
import { ProviderError } from '../provider-error.ts'

/**
 * Stripe's decimals where they differ from ISO 4217: ISK and UGX have two, which are always 00, MGA has none
 * (docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases").
 */
const stripeDecimals: Record<string, number> = { ISK: 2, UGX: 2, MGA: 0 }

/**
 * An amount in Stripe's minor units.
 * @throws ProviderError `unsupported` for an amount that Stripe does not accept, such as three decimals that do not end in 0
 */
export function toStripeAmount({ amountMinor, currency }: Money): number {
  const amount = amountMinor * factorOf(currency)
  const step = decimalsOf(currency) === 3 ? 10 : 1
  if (Number.isSafeInteger(amount) && amount % step === 0) return amount
  throw new ProviderError('unsupported', `stripe takes no ${currency} amount of ${amountMinor} minor units`)
}

/** An amount from Stripe's minor units; its currency codes are in lower case. */
export function fromStripeAmount(amount: number, stripeCurrency: string): Money {
  const currency = stripeCurrency.toUpperCase()
  return { amountMinor: Math.round(amount / factorOf(currency)), currency }
}

function factorOf(currency: string): number {
  const decimals = decimalsOf(currency)
  return 10 ** ((stripeDecimals[currency] ?? decimals) - decimals)
}
