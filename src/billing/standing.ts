import type { LiveStatus } from './lifecycle.ts'
import type { KnownPrice } from './price-queries.ts'
import type { ProviderPayment, ProviderSubscription } from './providers/provider.ts'

/** The fetched state of one subscription, with this service's prices for the provider's price ids. */
export type Facts = {
  provider: string
  subscription: ProviderSubscription
  /** Null: a price that this service did not make. */
  price: KnownPrice | null
  pendingPrice: KnownPrice | null
  payments: readonly ProviderPayment[]
}

/** What a subscription grants at a moment. */
export type Standing = {
  status: LiveStatus
  price: KnownPrice
  pendingPrice: KnownPrice | null
  /** The end of the paid period, or of the trial. */
  paidUntil: Date
  /** When the rights end: at `paidUntil` if cancelled, else after the grace period. */
  endsAt: Date
}

/** Why a subscription grants nothing. */
export type Reason = 'incomplete' | 'ended' | 'refunded' | 'disputed' | 'unpaid' | 'unknown-price'

type Options = { nowMs: number; graceMs: number }

/** The end of a charge's period may differ from that of the subscription by so much. */
const toleranceMs = 86_400_000

/**
 * What a provider's subscription grants. It depends only on the provider's current state and the time, so that neither the order nor the
 * number of events matters.
 */
export function standingOf(facts: Facts, { nowMs, graceMs }: Options): Standing | Reason {
  const { subscription, price, pendingPrice, payments } = facts
  const { status, paidUntil, cancelAtPeriodEnd } = subscription
  if (status === 'incomplete' || status === 'ended') return status
  const taken = takenBack(payments, paidUntil)
  if (taken) return taken
  // A downgrade takes effect at the period's end, even before the provider's event.
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

/** Whether the charge of the current period was refunded in full, or a dispute about it was lost. */
function takenBack(payments: readonly ProviderPayment[], paidUntil: Date): 'refunded' | 'disputed' | null {
  const charge = currentCharge(payments, paidUntil)
  if (!charge) return null
  const about = payments.filter(({ chargeId, status }) => chargeId === charge.id && status === 'succeeded')
  if (about.some(({ kind }) => kind === 'dispute')) return 'disputed'
  const refunded = about.filter(({ kind }) => kind === 'refund').reduce((sum, { money }) => sum + money.amountMinor, 0)
  return charge.money.amountMinor > 0 && refunded >= charge.money.amountMinor ? 'refunded' : null
}

/** When a subscription ended, at the provider or by the rule behind the reason. Null: it continues, or never began. */
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

/** The charge of the current period; of several, as after an upgrade, the one with the highest amount. */
function currentCharge(payments: readonly ProviderPayment[], paidUntil: Date): ProviderPayment | undefined {
  const charges = payments.filter(({ kind, status }) => kind === 'charge' && status === 'succeeded')
  const current = charges.filter(({ period }) => period && period.end.getTime() >= paidUntil.getTime() - toleranceMs)
  if (current.length > 0) return current.sort((a, b) => b.money.amountMinor - a.money.amountMinor)[0]
  const untold = charges.filter(({ period }) => period === null)
  return untold.sort((a, b) => b.at.getTime() - a.at.getTime())[0]
}

/** When to synchronise again without an event; null: never. */
export function nextSyncAt(standing: Standing | Reason, nowMs: number): Date | null {
  if (typeof standing === 'string') return null
  const { paidUntil, endsAt, pendingPrice } = standing
  const candidates = [
    // At the period's end for a downgrade; else 15 minutes later, when the renewal's event should have arrived.
    paidUntil.getTime() + (pendingPrice ? 0 : 900_000),
    endsAt.getTime(),
  ].filter((moment) => moment > nowMs)
  // Every hour during the grace period.
  const inGrace = paidUntil.getTime() <= nowMs ? [nowMs + 3_600_000] : []
  const all = [...candidates, ...inGrace]
  return all.length === 0 ? null : new Date(Math.min(...all))
}
