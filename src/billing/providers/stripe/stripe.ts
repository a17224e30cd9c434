import type { BillingProvider, Checkout, CheckoutRequest, PlanPrice, WriteOptions } from '../provider.ts'
import { toStripeAmount } from './amounts.ts'
import { hasCode, openStripeClient, type StripeClient, type StripeOptions, writing } from './client.ts'
import { stripePayments } from './payments.ts'
import { Deleted, list, Session, WithId } from './schemas.ts'
import { stripeSubscriptions } from './subscriptions.ts'
import { stripeWebhooks } from './webhooks.ts'

/** Stripe refuses a trial that ends sooner than this; `billing_cycle_anchor` is used instead. */
const shortestTrialMs = 48 * 3_600_000

/**
 * Payments by Stripe, with its library, in 135 currencies; preferred for all but the rupee.
 * @param options webhookSecrets: of the endpoint, the newest first; several during a rotation
 */
export async function openStripe(
  options: StripeOptions & { webhookSecrets: readonly string[] },
): Promise<BillingProvider> {
  const client = await openStripeClient(options)
  return {
    name: 'stripe',
    accepts: () => true,
    prefers: (currency) => currency !== 'INR',
    ...stripeCheckouts(client),
    ...stripeSubscriptions(client),
    ...stripePayments(client),
    ...stripeWebhooks(client, options.webhookSecrets),
  }
}

type Checkouts = Pick<
  BillingProvider,
  'ensurePrice' | 'createCustomer' | 'openCheckout' | 'fetchCheckout' | 'expireCheckout' | 'openPortal'
>

function stripeCheckouts({ ask }: StripeClient): Checkouts {
  async function ensureProduct({ plan }: PlanPrice, call: WriteOptions): Promise<string> {
    const id = `manas360_${plan.name}`
    try {
      await ask('products.create', call, Deleted, (stripe) =>
        stripe.products.create(
          { id, name: plan.displayName, ...(plan.description && { description: plan.description.slice(0, 500) }) },
          writing(call, 'product'),
        ),
      )
    } catch (error) {
      if (!hasCode(error, 'resource_already_exists')) throw error
    }
    return id
  }

  return {
    async ensurePrice(price, call) {
      const amount = toStripeAmount(price.money)
      const found = await ask('prices.list', call, list(WithId), (stripe) =>
        stripe.prices.list({ lookup_keys: [price.id], limit: 1 }),
      )
      if (found.data[0]) return found.data[0].id
      const product = await ensureProduct(price, call)
      const made = await ask('prices.create', call, WithId, (stripe) =>
        stripe.prices.create(
          {
            product,
            currency: price.money.currency.toLowerCase(),
            unit_amount: amount,
            recurring: { interval: price.interval },
            tax_behavior: price.taxInclusive ? 'inclusive' : 'exclusive',
            lookup_key: price.id,
          },
          writing(call, 'price'),
        ),
      )
      return made.id
    },

    async createCustomer({ reference, email }, call) {
      const { id } = await ask('customers.create', call, WithId, (stripe) =>
        stripe.customers.create({ email, metadata: { reference } }, writing(call, 'customer')),
      )
      return id
    },

    async openCheckout(request, call): Promise<Checkout> {
      const { id, url, expires_at } = await ask(
        'checkout.sessions.create',
        call,
        Session.extend({ url: Session.shape.url.unwrap() }),
        (stripe) =>
          stripe.checkout.sessions.create(
            {
              mode: 'subscription',
              customer: request.customerId,
              client_reference_id: request.reference,
              line_items: [{ price: request.priceId, quantity: 1 }],
              subscription_data: beginning(request),
              success_url: request.successUrl,
              cancel_url: request.cancelUrl,
              expires_at: seconds(request.expiresAt),
            },
            writing(call, 'checkout'),
          ),
      )
      return { id, url, expiresAt: expires_at }
    },

    async fetchCheckout(checkoutId, call) {
      try {
        const { id, status, subscription } = await ask('checkout.sessions.retrieve', call, Session, (stripe) =>
          stripe.checkout.sessions.retrieve(checkoutId),
        )
        return { id, state: status === 'complete' ? 'completed' : status, subscriptionId: subscription }
      } catch (error) {
        if (hasCode(error, 'resource_missing')) return null
        throw error
      }
    },

    async expireCheckout(checkoutId, call) {
      try {
        await ask('checkout.sessions.expire', call, Deleted, (stripe) =>
          stripe.checkout.sessions.expire(checkoutId, {}, writing(call, 'expire')),
        )
      } catch (error) {
        if (hasCode(error, 'resource_missing')) return
        const session = await this.fetchCheckout(checkoutId, call)
        if (session?.state === 'open') throw error
      }
    },

    async openPortal({ customerId }, returnUrl, call) {
      const { url } = await ask(
        'billingPortal.sessions.create',
        call,
        WithId.extend({ url: Session.shape.url.unwrap() }),
        (stripe) => stripe.billingPortal.sessions.create({ customer: customerId, return_url: returnUrl }),
      )
      return url
    },
  }
}

/**
 * The start of the paid period, as parameters for Stripe. Repeats of a request must be identical, so the choice depends on the expiry of
 * the page, not on now: a trial where the period starts at least 48 hours after the expiry, else a free time until the billing cycle's
 * anchor. A period that starts before the expiry starts with the payment.
 */
function beginning({ reference, startsAt, expiresAt }: CheckoutRequest) {
  const metadata = { reference }
  if (!startsAt || startsAt <= expiresAt) return { metadata }
  const start = seconds(startsAt)
  if (startsAt.getTime() - expiresAt.getTime() >= shortestTrialMs) return { metadata, trial_end: start }
  return {
    metadata: { ...metadata, starts_at: String(start) },
    billing_cycle_anchor: start,
    proration_behavior: 'none' as const,
  }
}

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)
