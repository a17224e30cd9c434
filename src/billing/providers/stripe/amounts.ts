import { decimalsOf, type Money } from '../../money.ts'
import { ProviderError } from '../provider-error.ts'

/**
 * Stripe's digits behind the point, where they are not those of ISO 4217: the króna and the shilling keep two that are
 * always 00, the ariary has none (docs.stripe.com/currencies, "Zero-decimal currencies" and "Special cases").
 */
const stripeDecimals: Record<string, number> = { ISK: 2, UGX: 2, MGA: 0 }

/**
 * An amount as Stripe counts it.
 * @throws ProviderError `unsupported`: Stripe has no such amount, as of a thousandth that does not end in 0
 */
export function toStripeAmount({ amountMinor, currency }: Money): number {
  const amount = amountMinor * factorOf(currency)
  const step = decimalsOf(currency) === 3 ? 10 : 1
  if (Number.isSafeInteger(amount) && amount % step === 0) return amount
  throw new ProviderError('unsupported', `stripe takes no ${currency} amount of ${amountMinor} minor units`)
}

/** An amount of Stripe, whose currencies are in lower case. */
export function fromStripeAmount(amount: number, stripeCurrency: string): Money {
  const currency = stripeCurrency.toUpperCase()
  return { amountMinor: Math.round(amount / factorOf(currency)), currency }
}

function factorOf(currency: string): number {
  const decimals = decimalsOf(currency)
  return 10 ** ((stripeDecimals[currency] ?? decimals) - decimals)
}
