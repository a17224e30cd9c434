import type { BillingProvider, CallOptions, ProviderPayment, Subject } from '../provider.ts'
import { isMissing, type RazorpayClient } from './client.ts'
import { Anything, collection, Dispute, Invoice, Payment, Refund, Subscription } from './schemas.ts'

type Payments = Pick<BillingProvider, 'listPayments' | 'refund' | 'findSubject'>

const pageSize = 100
const paymentStatuses = {
  created: 'pending',
  authorized: 'pending',
  captured: 'succeeded',
  refunded: 'succeeded',
  failed: 'failed',
} as const
const refundStatuses = { pending: 'pending', processed: 'succeeded', failed: 'failed' } as const
const disputeStatuses = {
  open: 'pending',
  under_review: 'pending',
  won: 'failed',
  closed: 'failed',
  lost: 'succeeded',
} as const

/** The payments of a provider by Razorpay's API. Every method throws ProviderError. */
export function razorpayPayments({ ask }: RazorpayClient): Payments {
  async function subscriptionOfInvoice(id: string, call: CallOptions): Promise<Subject | null> {
    const { subscription_id } = await ask(`/invoices/${encodeURIComponent(id)}`, call, Invoice)
    return subscription_id ? { subscriptionId: subscription_id } : null
  }

  async function refundsOf(payment: Payment, call: CallOptions): Promise<ProviderPayment[]> {
    if (!payment.amount_refunded) return []
    const { items } = await ask(`/payments/${payment.id}/refunds`, call, collection(Refund), {
      query: { count: pageSize },
    })
    return items.map(({ id, amount, currency, status, created_at }) => ({
      id,
      kind: 'refund',
      status: refundStatuses[status],
      money: { amountMinor: amount, currency },
      at: created_at,
      subscriptionId: '',
      chargeId: payment.id,
      period: null,
      invoiceUrl: null,
    }))
  }

  return {
    async listPayments({ id: subscriptionId }, since, call) {
      const subscription = await ask(`/subscriptions/${encodeURIComponent(subscriptionId)}`, call, Subscription)
      const isUnpaid = subscription.status === 'pending' || subscription.status === 'halted'
      const { items: invoices } = await ask('/invoices', call, collection(Invoice), {
        query: { subscription_id: subscriptionId, count: pageSize },
      })
      const payments: ProviderPayment[] = []
      for (const invoice of invoices.filter(({ created_at }) => created_at >= since)) {
        if (invoice.payment_id) {
          const payment = await ask(`/payments/${invoice.payment_id}`, call, Payment)
          payments.push(toCharge(invoice, payment, subscriptionId), ...(await refundsOf(payment, call)))
          // The attempts of a renewal that failed belong to no invoice: it stays unpaid.
        } else if (isUnpaid && invoice.status === 'issued') payments.push(toCharge(invoice, null, subscriptionId))
      }
      const charged = new Set(payments.filter(({ kind }) => kind === 'charge').map(({ id }) => id))
      if (charged.size > 0) {
        const { items: disputes } = await ask('/disputes', call, collection(Dispute), { query: { count: pageSize } })
        for (const { id, payment_id, amount, currency, status, created_at } of disputes)
          if (charged.has(payment_id))
            payments.push({
              id,
              kind: 'dispute',
              status: disputeStatuses[status],
              money: { amountMinor: amount, currency },
              at: created_at,
              subscriptionId,
              chargeId: payment_id,
              period: null,
              invoiceUrl: null,
            })
      }
      return payments.map((payment) => ({ ...payment, subscriptionId }))
    },

    async refund({ chargeId }, call) {
      const payment = await ask(`/payments/${encodeURIComponent(chargeId)}`, call, Payment)
      if (payment.status === 'refunded') return
      await ask(`/payments/${payment.id}/refund`, call, Anything, {
        body: { amount: payment.amount - (payment.amount_refunded ?? 0) },
      })
    },

    async findSubject({ objectId }, call) {
      try {
        switch (objectId?.split('_')[0]) {
          case 'sub':
            return { subscriptionId: objectId }
          case 'inv':
            return await subscriptionOfInvoice(objectId, call)
          case 'pay': {
            const { invoice_id } = await ask(`/payments/${encodeURIComponent(objectId)}`, call, Payment)
            return invoice_id ? await subscriptionOfInvoice(invoice_id, call) : null
          }
          default:
            return null
        }
      } catch (error) {
        if (isMissing(error)) return null
        throw error
      }
    },
  }
}

/** The charge of an invoice; without a payment it is the failed charge, with the invoice's id. */
function toCharge(invoice: Invoice, payment: Payment | null, subscriptionId: string): ProviderPayment {
  const { billing_start: start, billing_end: end } = invoice
  const { amount, currency, created_at } = payment ?? invoice
  return {
    id: payment?.id ?? invoice.id,
    kind: 'charge',
    status: payment ? paymentStatuses[payment.status] : 'failed',
    money: { amountMinor: amount, currency },
    at: created_at,
    subscriptionId,
    chargeId: null,
    period: start && end ? { start, end } : null,
    invoiceUrl: invoice.short_url ?? null,
  }
}
