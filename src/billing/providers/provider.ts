import type { Money } from '../money.ts'

/** Options of a read: it must end soon after `signal` aborts. Providers are not called inside a transaction. */
export type CallOptions = { signal: AbortSignal }

/** Options of a write. `key`: an idempotency key (1–64 of `[A-Za-z0-9_-]`); repeats with it have one effect. */
export type WriteOptions = CallOptions & { key: string }

export type Interval = 'month' | 'year'

/** A price of a plan in this service. Providers find the price that they made for it by its id. */
export type PlanPrice = {
  /** UUIDv7 */
  id: string
  plan: { name: string; displayName: string; description: string }
  interval: Interval
  money: Money
  /** Whether `money` contains the taxes. */
  taxInclusive: boolean
}

/** A checkout to open: what the person pays for on a page of the provider. */
export type CheckoutRequest = {
  /** The intent's id; the resulting subscription must have it as its `reference`. */
  reference: string
  customerId: string
  /** The provider's id of the price, as `ensurePrice` gave it, and the price itself. */
  priceId: string
  price: PlanPrice
  /** When the paid period begins, in the future (our trial ends then, and nothing is charged before); null: at once. */
  startsAt: Date | null
  /** Where the browser goes afterwards. A visit proves nothing: the payment is fetched from the provider. */
  successUrl: string
  cancelUrl: string
  /** When the page closes. A provider may choose another moment, at most 24 hours ahead, and returns it. */
  expiresAt: Date
}

export type Checkout = {
  id: string
  /** The page where the person pays. */
  url: string
  expiresAt: Date
}

export type CheckoutState = {
  id: string
  state: 'open' | 'completed' | 'expired'
  /** Null until there is one. */
  subscriptionId: string | null
}

/**
 * `incomplete`: nothing was paid yet. `trialing`: set up, with the first charge at `paidUntil`. `past_due`: a renewal failed and is
 * retried. `ended`: ended for any reason; it cannot become active again.
 */
export type ProviderStatus = 'incomplete' | 'trialing' | 'active' | 'past_due' | 'ended'

/** The provider's current state of a subscription. */
export type ProviderSubscription = {
  id: string
  customerId: string
  /** The `reference` of its checkout; null where it came from no checkout of this service. */
  reference: string | null
  status: ProviderStatus
  /** The provider's id of the current price. */
  priceId: string
  /** The provider's id of the price that takes effect at the period's end; null: no change is scheduled. */
  pendingPriceId: string | null
  startedAt: Date
  /**
   * The end of the last period that was paid, or of the trial. While a renewal is `past_due` it is the beginning of the unpaid period,
   * whatever the provider's own field says.
   */
  paidUntil: Date
  /** It ends with the period and is not charged again. */
  cancelAtPeriodEnd: boolean
  endedAt: Date | null
}

/** The provider's current state of one charge, refund or dispute. */
export type ProviderPayment = {
  /** Unique at the provider among all three kinds. */
  id: string
  kind: 'charge' | 'refund' | 'dispute'
  /** A dispute is `pending` while it is open, `succeeded` when it was lost (the money is gone), `failed` when it was won. */
  status: 'pending' | 'succeeded' | 'failed'
  money: Money
  at: Date
  subscriptionId: string
  /** Of a refund and a dispute: the charge's id. */
  chargeId: string | null
  /** Of a charge: the period that it pays. Null where the provider gives none. */
  period: { start: Date; end: Date } | null
  /** The provider's page of the invoice or receipt. */
  invoiceUrl: string | null
}

/** What an upgrade costs now: credit for the rest of the old price's period, charge for the same time at the new price. */
export type Proration = { creditMinor: number; chargeMinor: number; currency: string }

/** `paid`: the new price is in force. `unpaid`: the old price stays until the person has paid, at `payUrl` if there is one. */
export type ChangeOutcome = { outcome: 'paid' } | { outcome: 'unpaid'; payUrl: string | null }

/** The part of a verified webhook that is used; the object's state is fetched from the provider. */
export type WebhookEvent = {
  /** Unique at the provider; at most 255 characters. */
  id: string
  /** The provider's type of the event; at most 100 characters. */
  type: string
  /** The id of the object that it is about, for `findSubject`; at most 255 characters. Null: nothing of this service. */
  objectId: string | null
}

/** What an event is about: a subscription, or a checkout that has none yet. */
export type Subject = { subscriptionId: string } | { checkoutId: string }

/**
 * A payment provider. Each method is one operation; none uses accounts, rights or the database of this service (except the sandbox,
 * whose own tables stand for a provider's server).
 *
 * Every method but `verifyWebhook` throws ProviderError, and nothing else, for any failure of the provider or the connection. An answer
 * that lacks a required field or has an unknown value is `unreadable`; nothing is guessed.
 */
export type BillingProvider = {
  /** Lower case; used in paths, the configuration and the tables. */
  readonly name: string
  /** Whether it accepts a currency, and whether it is preferred for it where several do. */
  accepts(currency: string): boolean
  prefers(currency: string): boolean
  /** The provider's id of a price, which is made there if it does not exist; it is found again by `price.id`. */
  ensurePrice(price: PlanPrice, call: WriteOptions): Promise<string>
  /** Creates a customer with this `reference`. The same key gives the same customer. */
  createCustomer(customer: { reference: string; email: string }, call: WriteOptions): Promise<string>
  openCheckout(request: CheckoutRequest, call: WriteOptions): Promise<Checkout>
  /** Null: the provider has none of that id. */
  fetchCheckout(checkoutId: string, call: CallOptions): Promise<CheckoutState | null>
  /** Closes a checkout. One that is completed or unknown is left as it is, without an error. */
  expireCheckout(checkoutId: string, call: WriteOptions): Promise<void>
  /** Null: the provider has none of that id. */
  fetchSubscription(subscriptionId: string, call: CallOptions): Promise<ProviderSubscription | null>
  /** What `changeNow` would cost at this moment; null where the provider gives no figure. */
  previewChange(subscriptionId: string, priceId: string, call: CallOptions): Promise<Proration | null>
  /** Changes the price at once and charges the difference pro rata; nothing changes until it is paid. */
  changeNow(subscriptionId: string, priceId: string, call: WriteOptions): Promise<ChangeOutcome>
  /** Changes the price at the period's end. Null withdraws a scheduled change. */
  changeAtPeriodEnd(subscriptionId: string, priceId: string | null, call: WriteOptions): Promise<void>
  /** Cancels a subscription, at once or at the period's end. One that has ended is left as it is, without an error. */
  cancel(subscriptionId: string, when: 'now' | 'period-end', call: WriteOptions): Promise<void>
  /** Withdraws a cancellation at the period's end. */
  resume(subscriptionId: string, call: WriteOptions): Promise<void>
  /** The URL of the provider's page with payment method and invoices. */
  openPortal(
    customer: { customerId: string; subscriptionId: string },
    returnUrl: string,
    call: CallOptions,
  ): Promise<string>
  /**
   * The newest charges of a subscription since a moment, at most 100, with all their refunds and disputes. A failed charge is `failed`;
   * one that was not attempted is not listed.
   */
  listPayments(
    of: Pick<ProviderSubscription, 'id' | 'customerId'>,
    since: Date,
    call: CallOptions,
  ): Promise<ProviderPayment[]>
  /** Refunds a charge in full; one that was refunded is left as it is, without an error. */
  refund(charge: { chargeId: string; subscriptionId: string }, call: WriteOptions): Promise<void>
  /** The subject of an event's object; null: none that can be fetched. Sends no request where the id alone is enough. */
  findSubject(event: WebhookEvent, call: CallOptions): Promise<Subject | null>
  /** Every subscription that this service made and that has not ended, read page by page; for the reconciliation. */
  listSubscriptions(call: CallOptions): AsyncIterable<ProviderSubscription>
  /**
   * Verifies a webhook's signature over the body's bytes before parsing it, with each configured secret.
   * @returns null where the signature or its age is invalid, without a reason
   */
  verifyWebhook(body: Uint8Array, headers: Headers): Promise<WebhookEvent | null>
}
