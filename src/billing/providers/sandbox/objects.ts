/** The stored objects of the sandbox, as JSON; times are in ISO 8601. */

export type Settings = {
  id: string
  /** How far the sandbox's clock is ahead, in milliseconds. */
  offsetMs: number
  /** Whether it sends webhooks. */
  delivers: boolean
}

export type Price = { id: string; reference: string; amountMinor: number; currency: string; interval: 'month' | 'year' }

export type SandboxCheckout = {
  id: string
  customerId: string
  priceId: string
  reference: string
  startsAt: string | null
  expiresAt: string
  state: 'open' | 'completed' | 'expired'
  declined: boolean
  subscriptionId: string | null
  successUrl: string
}

export type SandboxSubscription = {
  id: string
  customerId: string
  reference: string
  status: 'trialing' | 'active' | 'past_due' | 'ended'
  priceId: string
  pendingPriceId: string | null
  startedAt: string
  /** Periods are counted from here. */
  anchor: string
  periods: number
  paidFrom: string
  paidUntil: string
  cancelAtPeriodEnd: boolean
  endedAt: string | null
  /** The next charge is declined. */
  declines: boolean
  /** A higher price that waits for its payment. */
  wantedPriceId: string | null
}

export type SandboxPayment = {
  id: string
  kind: 'charge' | 'refund' | 'dispute'
  status: 'pending' | 'succeeded' | 'failed'
  amountMinor: number
  currency: string
  at: string
  subscriptionId: string
  chargeId: string | null
  period: { start: string; end: string } | null
}

export type SandboxEvent = { id: string; type: string; object: string; at: string }
