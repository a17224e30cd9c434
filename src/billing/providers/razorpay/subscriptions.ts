import type { BillingProvider, CallOptions, ChangeOutcome, ProviderSubscription } from '../provider.ts'
import { ProviderError } from '../provider-error.ts'
import { isMissing, type RazorpayClient } from './client.ts'
import { Anything, collection, Invoice, Subscription, WithId } from './schemas.ts'

type Subscriptions = Pick<
  BillingProvider,
  'fetchSubscription' | 'listSubscriptions' | 'previewChange' | 'changeNow' | 'changeAtPeriodEnd' | 'cancel' | 'resume'
>

const pageSize = 100
const ended: ReadonlySet<string> = new Set(['cancelled', 'completed', 'expired'])
/** Statuses in which the current period is not paid. */
const unpaid: ReadonlySet<string> = new Set(['pending', 'halted', 'paused'])

/** The subscriptions of a provider by Razorpay's API. Every method throws ProviderError. */
export function razorpaySubscriptions({ ask }: RazorpayClient): Subscriptions {
  const retrieve = (id: string, call: CallOptions) =>
    ask(`/subscriptions/${encodeURIComponent(id)}`, call, Subscription)

  /** The end of the last paid period; the start of the subscription where none was paid. */
  async function paidUntil(subscription: Subscription, call: CallOptions): Promise<Date> {
    const start = startOf(subscription)
    if (!unpaid.has(subscription.status)) return subscription.current_end ?? start
    const query = { subscription_id: subscription.id, count: pageSize }
    const { items } = await ask('/invoices', call, collection(Invoice), { query })
    const ends = items.filter(({ status }) => status === 'paid').map(({ billing_end }) => billing_end ?? start)
    return ends.toSorted((a, b) => b.getTime() - a.getTime())[0] ?? start
  }

  async function pendingPlan({ id, plan_id, has_scheduled_changes: isChanging }: Subscription, call: CallOptions) {
    if (!isChanging) return null
    const next = await ask(`/subscriptions/${id}/retrieve_scheduled_changes`, call, Subscription)
    return next.plan_id === plan_id ? null : next.plan_id
  }

  async function toProviderSubscription(subscription: Subscription, call: CallOptions): Promise<ProviderSubscription> {
    const { id, notes, plan_id, ended_at } = subscription
    return {
      id,
      customerId: notes.customer_id ?? subscription.customer_id ?? '',
      reference: notes.reference ?? null,
      status: toStatus(subscription),
      priceId: plan_id,
      pendingPriceId: ended.has(subscription.status) ? null : await pendingPlan(subscription, call),
      startedAt: startOf(subscription),
      paidUntil: await paidUntil(subscription, call),
      cancelAtPeriodEnd: isEnding(subscription),
      endedAt: ended_at,
    }
  }

  return {
    async fetchSubscription(id, call) {
      try {
        return await toProviderSubscription(await retrieve(id, call), call)
      } catch (error) {
        if (isMissing(error)) return null
        throw error
      }
    },

    async *listSubscriptions(call) {
      for (let skip = 0; ; skip += pageSize) {
        const { items } = await ask('/subscriptions', call, collection(Subscription), {
          query: { count: pageSize, skip },
        })
        for (const subscription of items)
          if (subscription.notes.reference !== undefined && !ended.has(subscription.status))
            yield await toProviderSubscription(subscription, call)
        if (items.length < pageSize) return
      }
    },

    previewChange: async () => null,

    async changeNow(id, priceId, call): Promise<ChangeOutcome> {
      const before = await retrieve(id, call)
      if (before.plan_id === priceId && before.status === 'active') return { outcome: 'paid' }
      const after = await ask(`/subscriptions/${id}`, call, Subscription, {
        method: 'PATCH',
        body: { plan_id: priceId, schedule_change_at: 'now', customer_notify: 0 },
      })
      return after.plan_id === priceId && after.status === 'active'
        ? { outcome: 'paid' }
        : { outcome: 'unpaid', payUrl: after.short_url }
    },

    async changeAtPeriodEnd(id, priceId, call) {
      const subscription = await retrieve(id, call)
      if (priceId !== null) {
        if ((await pendingPlan(subscription, call)) === priceId) return
        const body = { plan_id: priceId, schedule_change_at: 'cycle_end', customer_notify: 0 }
        await ask(`/subscriptions/${id}`, call, WithId, { method: 'PATCH', body })
      } else if (subscription.has_scheduled_changes)
        await ask(`/subscriptions/${id}/cancel_scheduled_changes`, call, Anything, { body: {} })
    },

    async cancel(id, when, call) {
      const subscription = await retrieve(id, call)
      if (ended.has(subscription.status)) return
      // Any other status has no running paid period, so it is cancelled at once.
      const isRunning = subscription.status === 'active'
      await ask(`/subscriptions/${id}/cancel`, call, Anything, {
        body: { cancel_at_cycle_end: when === 'period-end' && isRunning ? 1 : 0 },
      })
    },

    async resume() {
      throw new ProviderError('unsupported', 'razorpay takes no cancellation back')
    },
  }
}

function startOf({ start_at, created_at }: Subscription): Date {
  return start_at ?? created_at
}

/** Whether it is cancelled at the period's end. The entity has no field for that, but no further charge is scheduled. */
function isEnding({ status, charge_at, remaining_count }: Subscription): boolean {
  return status === 'active' && (charge_at === null || remaining_count === 0)
}

function toStatus({ status, start_at, paid_count }: Subscription): ProviderSubscription['status'] {
  if (ended.has(status)) return 'ended'
  if (unpaid.has(status)) return 'past_due'
  if (status === 'active') return 'active'
  // Authenticated, with the first charge at `start_at`.
  return status === 'authenticated' && start_at && paid_count === 0 ? 'trialing' : 'incomplete'
}
