/** What buying costs and where it happens. Amounts in minor units. */
export type Checkout = {
  accountId: string
  plan: string
  interval: 'month' | 'year'
  amountMinor: number
  currency: string
}

/** A way for money to come in. `manual` is the first: an administrator grants. */
export type BillingProvider = {
  name: string
  /** Where the person pays, or null when nothing can be bought through this provider. */
  openCheckout(checkout: Checkout): Promise<{ checkoutUrl: string } | null>
}

/** No payments: plans are tried, or granted by an administrator. */
export const manual: BillingProvider = { name: 'manual', openCheckout: async () => null }
