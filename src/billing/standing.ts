import type { Living } from './lifecycle.ts'
import type { KnownPrice } from './price-queries.ts'
import type { ProviderPayment, ProviderSubscription } from './providers/provider.ts'

/** What was fetched of one subscription, with the prices of ours behind the provider's. */
export type Facts = {
  provider: string
  subscription: ProviderSubscription
  /** Null: a price that this service never made. */
  price: KnownPrice | null
  pendingPrice: KnownPrice | null
  payments: readonly ProviderPayment[]
}

/** What a subscription gives at a moment. */
export type Standing = {
  status: Living
  price: KnownPrice
  pendingPrice: KnownPrice | null
  /** Up to when it is paid, or tried. */
  paidUntil: Date
  /** When the rights end: the same moment where it is cancelled, else later by the grace. */
  endsAt: Date
}

/** Why a subscription gives nothing. */
export type Reason = 'incomplete' | 'ended' | 'refunded' | 'disputed' | 'unpaid' | 'unknown-price'

type Options = { nowMs: number; graceMs: number }

/** A provider's periods and its charges' need not agree to the second. */
const toleranceMs = 86_400_000

/**
 * What a provider's subscription gives: a function of what the provider says now, and of nothing else, so that neither the order
 * nor the number of events matters.
 */
export function standingOf(facts: Facts, { nowMs, graceMs }: Options): Standing | Reason {
  const { subscription, price, pendingPrice, payments } = facts
  const { status, paidUntil, cancelAtPeriodEnd } = subscription
  if (status === 'incomplete' || status === 'ended') return status
  const taken = takenBack(payments, paidUntil)
  if (taken) return taken
  // A lower plan that waits for the period's end does not wait for the provider's message.
  const isDue = pendingPrice !== null && paidUntil.getTime() <= nowMs
  const inForce = isDue ? pendingPrice : price
  if (!inForce) return 'unknown-price'
  const endsAt = cancelAtPeriodEnd ? paidUntil : new Date(paidUntil.getTime() + graceMs)
  if (endsAt.getTime() <= nowMs) return cancelAtPeriodEnd ? 'ended' : 'unpaid'
  return {
    status: cancelAtPeriodEnd ? 'cancelled' : status,
    price: inForce,
    pendingPrice: isDue ? null : pendingPrice,
    paidUntil,
    endsAt,
  }
}

/** Whether the charge that pays the current period was paid back as a whole, or a dispute about it was lost. */
function takenBack(payments: readonly ProviderPayment[], paidUntil: Date): 'refunded' | 'disputed' | null {
  const charge = currentCharge(payments, paidUntil)
  if (!charge) return null
  const about = payments.filter(({ chargeId, status }) => chargeId === charge.id && status === 'succeeded')
  if (about.some(({ kind }) => kind === 'dispute')) return 'disputed'
  const refunded = about.filter(({ kind }) => kind === 'refund').reduce((sum, { money }) => sum + money.amountMinor, 0)
  return charge.money.amountMinor > 0 && refunded >= charge.money.amountMinor ? 'refunded' : null
}

/** When a subscription ended, where it did: by the provider, or by the rule that gave the reason. Null: it goes on, or never began. */
export function overAt(
  { subscription, payments }: Facts,
  standing: Standing | Reason,
  { graceMs }: { graceMs: number },
) {
  const { endedAt, paidUntil, status } = subscription
  switch (standing) {
    case 'ended':
      return (status === 'ended' ? endedAt : null) ?? paidUntil
    case 'unpaid':
      return new Date(paidUntil.getTime() + graceMs)
    case 'refunded':
    case 'disputed':
      return latest(
        payments.filter(({ kind, status }) => kind !== 'charge' && status === 'succeeded').map(({ at }) => at),
      )
    default:
      return null
  }
}

function latest(moments: Date[]): Date | null {
  return moments.length === 0 ? null : new Date(Math.max(...moments.map((moment) => moment.getTime())))
}

/** Of several, as after an upgrade, the one of the highest amount. */
function currentCharge(payments: readonly ProviderPayment[], paidUntil: Date): ProviderPayment | undefined {
  const charges = payments.filter(({ kind, status }) => kind === 'charge' && status === 'succeeded')
  const current = charges.filter(({ period }) => period && period.end.getTime() >= paidUntil.getTime() - toleranceMs)
  if (current.length > 0) return current.sort((a, b) => b.money.amountMinor - a.money.amountMinor)[0]
  const untold = charges.filter(({ period }) => period === null)
  return untold.sort((a, b) => b.at.getTime() - a.at.getTime())[0]
}

/** When somebody has to look again, whatever is heard: null: never. */
export function nextLook(standing: Standing | Reason, nowMs: number): Date | null {
  if (typeof standing === 'string') return null
  const { paidUntil, endsAt, pendingPrice } = standing
  const candidates = [
    // At once where a lower plan waits; else a quarter of an hour later, when the renewal's event should have come.
    paidUntil.getTime() + (pendingPrice ? 0 : 900_000),
    endsAt.getTime(),
  ].filter((moment) => moment > nowMs)
  // In the grace, every hour.
  const inGrace = paidUntil.getTime() <= nowMs ? [nowMs + 3_600_000] : []
  const all = [...candidates, ...inGrace]
  return all.length === 0 ? null : new Date(Math.min(...all))
}
