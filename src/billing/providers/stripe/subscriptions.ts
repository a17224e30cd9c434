import type { BillingProvider, CallOptions, ChangeOutcome, Proration, ProviderSubscription } from '../provider.ts'
import { fromStripeAmount } from './amounts.ts'
import { hasCode, type StripeClient, writing } from './client.ts'
import { Deleted, InvoicePreview, type Line, list, Subscription, WithId } from './schemas.ts'

type Subscriptions = Pick<
  BillingProvider,
  'fetchSubscription' | 'listSubscriptions' | 'previewChange' | 'changeNow' | 'changeAtPeriodEnd' | 'cancel' | 'resume'
>

const expand = ['latest_invoice', 'schedule']
const statuses = {
  incomplete: 'incomplete',
  incomplete_expired: 'ended',
  trialing: 'trialing',
  active: 'active',
  past_due: 'past_due',
  // The retries are used up, and the subscription continues unpaid: our grace period ends it.
  unpaid: 'past_due',
  canceled: 'ended',
} as const

/** The subscriptions of a provider by Stripe's API. Every method throws ProviderError. */
export function stripeSubscriptions({ ask }: StripeClient): Subscriptions {
  function retrieve(id: string, call: CallOptions): Promise<Subscription> {
    return ask('subscriptions.retrieve', call, Subscription, (stripe) => stripe.subscriptions.retrieve(id, { expand }))
  }

  /** Releases the schedule of a change at the period's end: Stripe refuses other changes while it is attached. */
  async function release({ schedule }: Subscription, call: CallOptions & { key: string }): Promise<void> {
    if (!schedule) return
    await ask('subscriptionSchedules.release', call, Deleted, (stripe) =>
      stripe.subscriptionSchedules.release(schedule.id, {}, writing(call, 'release')),
    )
  }

  return {
    async fetchSubscription(id, call) {
      try {
        return toProviderSubscription(await retrieve(id, call))
      } catch (error) {
        if (hasCode(error, 'resource_missing')) return null
        throw error
      }
    },

    async *listSubscriptions(call) {
      let after: string | undefined
      do {
        // Without a status Stripe lists all that are not canceled.
        const page = await ask('subscriptions.list', call, list(Subscription).loose(), (stripe) =>
          stripe.subscriptions.list({
            limit: 100,
            expand: expand.map((name) => `data.${name}`),
            ...(after && { starting_after: after }),
          }),
        )
        for (const subscription of page.data.map(toProviderSubscription))
          if (subscription.reference !== null && subscription.status !== 'ended') yield subscription
        after = page.has_more === true ? page.data.at(-1)?.id : undefined
      } while (after)
    },

    async previewChange(id, priceId, call): Promise<Proration> {
      const { items } = await retrieve(id, call)
      const preview = await ask('invoices.createPreview', call, InvoicePreview, (stripe) =>
        stripe.invoices.createPreview({
          subscription: id,
          subscription_details: {
            items: items.data.map((item) => ({ id: item.id, price: priceId })),
            proration_behavior: 'always_invoice',
          },
        }),
      )
      const amounts = preview.lines.data.filter(isProration).map(({ amount }) => amount)
      const sum = (sign: 1 | -1) => amounts.filter((amount) => amount * sign > 0).reduce((a, b) => a + b * sign, 0)
      const { amountMinor: creditMinor, currency } = fromStripeAmount(sum(-1), preview.currency)
      return { creditMinor, chargeMinor: fromStripeAmount(sum(1), preview.currency).amountMinor, currency }
    },

    async changeNow(id, priceId, call): Promise<ChangeOutcome> {
      const before = await retrieve(id, call)
      await release(before, call)
      const after = await ask('subscriptions.update', call, Subscription, (stripe) =>
        stripe.subscriptions.update(
          id,
          {
            items: before.items.data.map((item) => ({ id: item.id, price: priceId })),
            proration_behavior: 'always_invoice',
            payment_behavior: 'pending_if_incomplete',
            expand,
          },
          writing(call, 'change'),
        ),
      )
      if (!after.pending_update) return { outcome: 'paid' }
      return { outcome: 'unpaid', payUrl: after.latest_invoice?.hosted_invoice_url ?? null }
    },

    async changeAtPeriodEnd(id, priceId, call) {
      const subscription = await retrieve(id, call)
      if (priceId === null || pendingPriceOf(subscription) !== null) await release(subscription, call)
      if (priceId === null || pendingPriceOf(subscription) === priceId) return
      const [item] = subscription.items.data
      if (!item) return
      const created = await ask('subscriptionSchedules.create', call, WithId, (stripe) =>
        stripe.subscriptionSchedules.create({ from_subscription: id }, writing(call, 'schedule')),
      )
      const now = { start_date: seconds(item.current_period_start), end_date: seconds(item.current_period_end) }
      await ask('subscriptionSchedules.update', call, Deleted, (stripe) =>
        stripe.subscriptionSchedules.update(
          created.id,
          {
            end_behavior: 'release',
            phases: [
              { items: [{ price: item.price.id, quantity: 1 }], ...now },
              { items: [{ price: priceId, quantity: 1 }], duration: { interval: 'month' }, proration_behavior: 'none' },
            ],
          },
          writing(call, 'phases'),
        ),
      )
    },

    async cancel(id, when, call) {
      const subscription = await retrieve(id, call)
      if (statuses[subscription.status] === 'ended') return
      if (when === 'now') {
        await ask('subscriptions.cancel', call, Deleted, (stripe) =>
          stripe.subscriptions.cancel(id, {}, writing(call, 'cancel')),
        )
        return
      }
      await release(subscription, call)
      await ask('subscriptions.update', call, Deleted, (stripe) =>
        stripe.subscriptions.update(id, { cancel_at_period_end: true }, writing(call, 'cancel')),
      )
    },

    async resume(id, call) {
      await ask('subscriptions.update', call, Deleted, (stripe) =>
        stripe.subscriptions.update(id, { cancel_at_period_end: false }, writing(call, 'resume')),
      )
    },
  }
}

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)

/** Whether a line of an invoice settles a change within a period. */
export function isProration({ parent }: Line): boolean {
  return parent?.subscription_item_details?.proration === true || parent?.invoice_item_details?.proration === true
}

/** The price of the schedule's phase after the current one. */
function pendingPriceOf({ schedule, items }: Subscription): string | null {
  const end = schedule?.current_phase?.end_date
  const next = end === undefined ? undefined : schedule?.phases.find(({ start_date }) => start_date >= end)
  const price = next?.items[0]?.price
  return price === undefined || price === items.data[0]?.price.id ? null : price
}

const isOwed = (status: string | null): boolean => status !== 'paid' && status !== 'void'

function toProviderSubscription(subscription: Subscription): ProviderSubscription {
  const { id, customer, metadata, items, latest_invoice: invoice } = subscription
  const [item] = items.data
  if (!item) throw new Error('a subscription has one item: the schema says so')
  const startsAt = metadata.starts_at === undefined ? null : new Date(Number(metadata.starts_at) * 1000)
  const isBeforeStart = startsAt !== null && item.current_period_end.getTime() <= startsAt.getTime()
  const status = statuses[subscription.status]
  // Stripe starts the new period when it renews, about an hour before it charges.
  const isUnpaid =
    status === 'past_due' ||
    (status === 'active' && invoice?.billing_reason === 'subscription_cycle' && isOwed(invoice.status))
  return {
    id,
    customerId: customer,
    reference: metadata.reference ?? null,
    status: status === 'active' && isBeforeStart ? 'trialing' : status,
    priceId: item.price.id,
    pendingPriceId: status === 'ended' ? null : pendingPriceOf(subscription),
    startedAt: subscription.start_date,
    paidUntil: isUnpaid ? item.current_period_start : item.current_period_end,
    cancelAtPeriodEnd: subscription.cancel_at_period_end,
    endedAt: subscription.ended_at,
  }
}
