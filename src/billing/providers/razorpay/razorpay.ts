import type { BillingProvider, CallOptions, Checkout, CheckoutRequest, CheckoutState, PlanPrice } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import { createRazorpayClient, isMissing, type RazorpayClient, type RazorpayOptions } from './client.ts'
import { razorpayPayments } from './payments.ts'
import { Anything, collection, Plan, Subscription, WithId } from './schemas.ts'
import { razorpaySubscriptions } from './subscriptions.ts'
import { razorpayWebhooks } from './webhooks.ts'

const pageSize = 100
/** Razorpay requires the number of charges: ten years of them, after which the person has to subscribe again. */
const totalCounts = { month: 120, year: 10 } as const
const periods = { month: 'monthly', year: 'yearly' } as const

/**
 * Payments by Razorpay's REST API, in rupees, for which it is preferred. The API has no idempotency keys, so each object has our id in
 * its notes and is searched for before it is made again. What the API cannot do (withdraw a cancellation, a portal, the cost of a
 * change in advance) is `unsupported`, or null for the cost.
 * @param options webhookSecrets: the newest first; events from before a rotation are signed with an older one
 */
export function openRazorpay(options: RazorpayOptions & { webhookSecrets: readonly string[] }): BillingProvider {
  const client = createRazorpayClient(options)
  return {
    name: 'razorpay',
    accepts: (currency) => currency === 'INR',
    prefers: (currency) => currency === 'INR',
    ...razorpayCheckouts(client),
    ...razorpaySubscriptions(client),
    ...razorpayPayments(client),
    ...razorpayWebhooks(options.webhookSecrets),
  }
}

type Checkouts = Pick<
  BillingProvider,
  'ensurePrice' | 'createCustomer' | 'openCheckout' | 'fetchCheckout' | 'expireCheckout' | 'openPortal'
>

/** At Razorpay a checkout is a subscription in the state `created`: both have the same id. */
function razorpayCheckouts({ ask }: RazorpayClient): Checkouts {
  const retrieve = (id: string, call: CallOptions) =>
    ask(`/subscriptions/${encodeURIComponent(id)}`, call, Subscription)

  async function findPlan(price: PlanPrice, call: CallOptions): Promise<string | undefined> {
    for (let skip = 0; ; skip += pageSize) {
      const { items } = await ask('/plans', call, collection(Plan), { query: { count: pageSize, skip } })
      const found = items.find(({ notes }) => notes.price_id === price.id)
      if (found || items.length < pageSize) return found?.id
    }
  }

  async function findCheckout(
    { reference, priceId }: CheckoutRequest,
    call: CallOptions,
  ): Promise<Subscription | undefined> {
    const query = { plan_id: priceId, count: pageSize }
    const { items } = await ask('/subscriptions', call, collection(Subscription), { query })
    return items.find(({ notes }) => notes.reference === reference)
  }

  return {
    async ensurePrice(price, call) {
      const found = await findPlan(price, call)
      if (found) return found
      const { id } = await ask('/plans', call, WithId, {
        body: {
          period: periods[price.interval],
          interval: 1,
          item: {
            name: price.plan.displayName,
            amount: price.money.amountMinor,
            currency: price.money.currency,
            ...(price.plan.description && { description: price.plan.description.slice(0, 500) }),
          },
          notes: { price_id: price.id },
        },
      })
      return id
    },

    async createCustomer({ reference, email }, call) {
      // `fail_existing: 0` returns the existing customer of that address.
      const { id } = await ask('/customers', call, WithId, {
        body: { email, fail_existing: '0', notes: { reference } },
      })
      return id
    },

    async openCheckout(request, call): Promise<Checkout> {
      const { reference, customerId, priceId, price, startsAt, expiresAt } = request
      const made =
        (await findCheckout(request, call)) ??
        (await ask('/subscriptions', call, Subscription, {
          body: {
            plan_id: priceId,
            total_count: totalCounts[price.interval],
            quantity: 1,
            customer_notify: 0,
            expire_by: seconds(expiresAt),
            ...(startsAt && startsAt > expiresAt && { start_at: seconds(startsAt) }),
            notes: { reference, customer_id: customerId },
          },
        }))
      return { id: made.id, url: made.short_url, expiresAt: made.expire_by ?? expiresAt }
    },

    async fetchCheckout(checkoutId, call) {
      try {
        return toCheckoutState(await retrieve(checkoutId, call))
      } catch (error) {
        if (isMissing(error)) return null
        throw error
      }
    },

    async expireCheckout(checkoutId, call) {
      const checkout = await this.fetchCheckout(checkoutId, call)
      if (checkout?.state !== 'open') return
      await ask(`/subscriptions/${encodeURIComponent(checkoutId)}/cancel`, call, Anything, {
        body: { cancel_at_cycle_end: 0 },
      })
    },

    async openPortal() {
      throw new ProviderError('unsupported', 'razorpay has no page for payment methods and invoices')
    },
  }
}

function toCheckoutState({ id, status, paid_count }: Subscription): CheckoutState {
  if (status === 'created') return { id, state: 'open', subscriptionId: null }
  const isOver = status === 'expired' || (status === 'cancelled' && paid_count === 0)
  return isOver ? { id, state: 'expired', subscriptionId: null } : { id, state: 'completed', subscriptionId: id }
}

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)
