import type { Proration } from '../provider.ts'
import type { Price, SandboxSubscription } from './objects.ts'

/** What is left of the old price, and what the new one costs until the period's end; of another interval the whole. */
export function prorate(
  { paidFrom, paidUntil, status }: SandboxSubscription,
  from: Price,
  to: Price,
  nowMs: number,
): Proration {
  const { currency } = to
  if (status === 'trialing') return { creditMinor: 0, chargeMinor: 0, currency }
  const [start, end] = [Date.parse(paidFrom), Date.parse(paidUntil)]
  const left = Math.min(1, Math.max(0, (end - nowMs) / Math.max(1, end - start)))
  return {
    creditMinor: Math.round(from.amountMinor * left),
    chargeMinor: from.interval === to.interval ? Math.round(to.amountMinor * left) : to.amountMinor,
    currency,
  }
}
