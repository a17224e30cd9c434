import type { Proration } from '../provider.ts'
import type { Price, SandboxSubscription } from './objects.ts'

/** Credit for the rest of the old price's period, and the new price until the period's end; for another interval its full price. */
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
