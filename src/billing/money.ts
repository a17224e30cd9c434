/** An amount in the minor units of an ISO 4217 currency: 999 USD is $9.99, 500 JPY is ¥500, 1500 KWD is 1.500 KWD. */
export type Money = { amountMinor: number; currency: string }

/** ISO 4217: the currencies that have no minor unit, and those that have a thousandth; all others have a hundredth. */
const withoutDecimals = new Set('BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split(' '))
const withThreeDecimals = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '))

/** Digits after the decimal point of a currency's amounts (ISO 4217). */
export function decimalsOf(currency: string): 0 | 2 | 3 {
  if (withoutDecimals.has(currency)) return 0
  return withThreeDecimals.has(currency) ? 3 : 2
}

/** An amount as text, without the currency: `9.99`, `500`, `1.500`. */
export function toDecimalText({ amountMinor, currency }: Money): string {
  const decimals = decimalsOf(currency)
  const sign = amountMinor < 0 ? '-' : ''
  const digits = String(Math.abs(amountMinor)).padStart(decimals + 1, '0')
  if (decimals === 0) return sign + digits
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`
}
