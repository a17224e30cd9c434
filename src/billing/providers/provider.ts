import type { Money } from '../money.ts'

/** How a call is bounded: it must end soon after `signal` aborts. No provider is called inside a transaction. */
export type Read = { signal: AbortSignal }

/** A call that changes something. `key`: the same key is the same wish, however often it is sent (1–64 of `[A-Za-z0-9_-]`). */
export type Write = Read & { key: string }

export type Interval = 'month' | 'year'

/** A price of a plan as this service has it. Its id is what a provider finds it again by. */
export type PlanPrice = {
  /** UUIDv7 */
  id: string
  plan: { name: string; displayName: string; description: string }
  interval: Interval
  money: Money
  /** Whether `money` contains the taxes. */
  taxInclusive: boolean
}

/** What somebody is to pay for, on a page of the provider. */
export type CheckoutRequest = {
  /** The intent's id: the subscription that comes of it must carry it as its `reference`. */
  reference: string
  customerId: string
  /** The provider's id of the price, as `ensurePrice` gave it, and the price itself. */
  priceId: string
  price: PlanPrice
  /** When the paid period begins, in the future (a trial of ours ends then; nothing is due before); null: at once. */
  startsAt: Date | null
  /** Where the person's browser goes afterwards, paid or not; they tell nothing, and nothing is believed of them. */
  successUrl: string
  cancelUrl: string
  /** Nothing can be paid there afterwards; a provider may choose another moment up to 24 hours away and tells it. */
  expiresAt: Date
}

export type Checkout = {
  id: string
  /** Where the person pays. */
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
 * `incomplete`: nothing was paid yet, and nothing is owed by us. `trialing`: set up, and the first charge comes at
 * `paidUntil`. `past_due`: a renewal failed and is tried again. `ended`: over for good, whatever the reason.
 */
export type ProviderStatus = 'incomplete' | 'trialing' | 'active' | 'past_due' | 'ended'

/** A subscription as the provider has it now. */
export type ProviderSubscription = {
  id: string
  customerId: string
  /** The `reference` of the checkout that it came from; null where it came from none of ours. */
  reference: string | null
  status: ProviderStatus
  /** The provider's id of the price in force. */
  priceId: string
  /** The price that comes at the period's end, where a change waits for it. */
  pendingPriceId: string | null
  startedAt: Date
  /**
   * The end of the last period that was paid, or tried. While a renewal is `past_due` it is the beginning of the period that
   * nobody has paid, whatever the provider calls that.
   */
  paidUntil: Date
  /** It ends with the period and is not charged again. */
  cancelAtPeriodEnd: boolean
  endedAt: Date | null
}

/** One charge, refund or dispute as the provider has it now. */
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
  /** Of a charge: what it pays. Null where the provider does not tell. */
  period: { start: Date; end: Date } | null
  /** The provider's page of the invoice or receipt. */
  invoiceUrl: string | null
}

/** What an upgrade costs now: the rest of the old price as credit, the rest of the new as charge. */
export type Proration = { creditMinor: number; chargeMinor: number; currency: string }

/** `paid`: it is in force at the provider. `unpaid`: the old price stays until the person paid at `payUrl`, where there is one. */
export type ChangeOutcome = { outcome: 'paid' } | { outcome: 'unpaid'; payUrl: string | null }

/** What a webhook tells that is believed: who sent it is proved, and the rest is fetched. */
export type WebhookEvent = {
  /** Unique at the provider; at most 255 characters. */
  id: string
  /** The provider's own name of it; at most 100 characters. */
  type: string
  /** What it is about, as `findSubject` understands it; at most 255 characters. Null: nothing of this service. */
  objectId: string | null
}

/** What an event is about: the subscription, where the object leads to one, else a checkout. */
export type Subject = { subscriptionId: string } | { checkoutId: string }

/**
 * A way for money to come in. Each method is one wish or one question; none knows an account, a plan's rights or the database
 * of this service (but the sandbox, whose own tables stand for a provider's server).
 *
 * Every method but `verifyWebhook` throws ProviderError, and nothing else, for whatever the provider or the way to it does: see
 * its reasons. An answer that lacks what it must have, or holds a value that is not known, is `unreadable`, never a guess.
 */
export type BillingProvider = {
  /** Lower case; in paths, the configuration and the tables. */
  readonly name: string
  /** Whether it takes this currency, and whether it is the first choice for it where several do. */
  accepts(currency: string): boolean
  prefers(currency: string): boolean
  /** The provider's id of a price, made there once: found again by `price.id`, whoever asks and however often. */
  ensurePrice(price: PlanPrice, call: Write): Promise<string>
  /** A customer; `reference` is kept there. The same key gives the same customer. */
  createCustomer(customer: { reference: string; email: string }, call: Write): Promise<string>
  openCheckout(request: CheckoutRequest, call: Write): Promise<Checkout>
  /** Null: the provider knows none of that id. */
  fetchCheckout(checkoutId: string, call: Read): Promise<CheckoutState | null>
  /** Nothing can be paid there any more. One that is completed or unknown is left alone, without an error. */
  expireCheckout(checkoutId: string, call: Write): Promise<void>
  /** Null: the provider knows none of that id. */
  fetchSubscription(subscriptionId: string, call: Read): Promise<ProviderSubscription | null>
  /** What `changeNow` would cost at this moment; null where the provider gives no figure. */
  previewChange(subscriptionId: string, priceId: string, call: Read): Promise<Proration | null>
  /** Another price at once, the difference charged pro rata; nothing changes until it is paid. */
  changeNow(subscriptionId: string, priceId: string, call: Write): Promise<ChangeOutcome>
  /** Another price from the period's end on. Null takes such a change back. */
  changeAtPeriodEnd(subscriptionId: string, priceId: string | null, call: Write): Promise<void>
  /** It ends: at once, or with its period. One that has ended is left alone, without an error. */
  cancel(subscriptionId: string, when: 'now' | 'period-end', call: Write): Promise<void>
  /** Takes a cancellation at the period's end back. */
  resume(subscriptionId: string, call: Write): Promise<void>
  /** A page of the provider with payment method and invoices. */
  openPortal(customer: { customerId: string; subscriptionId: string }, returnUrl: string, call: Read): Promise<string>
  /**
   * The charges of a subscription since a moment, with every refund of and dispute about them; 100 charges at most, the newest.
   * A charge that failed is `failed`; one that was never tried is not listed.
   */
  listPayments(of: Pick<ProviderSubscription, 'id' | 'customerId'>, since: Date, call: Read): Promise<ProviderPayment[]>
  /** Pays the whole of a charge back; one that was paid back is left alone, without an error. */
  refund(charge: { chargeId: string; subscriptionId: string }, call: Write): Promise<void>
  /** What the object of an event leads to; null: to nothing that can be fetched. Needs no query where the id tells. */
  findSubject(event: WebhookEvent, call: Read): Promise<Subject | null>
  /** Every subscription that this service made and that has not ended, in pages of the provider; for the daily comparison. */
  listSubscriptions(call: Read): AsyncIterable<ProviderSubscription>
  /**
   * Verifies a webhook on the body's bytes, before anything is parsed; secrets of a rotation are tried one after the other.
   * @returns null where the signature, or its age, is not right: nothing is told of why
   */
  verifyWebhook(body: Uint8Array, headers: Headers): Promise<WebhookEvent | null>
}
