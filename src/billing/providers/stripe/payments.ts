import type { BillingProvider, CallOptions, ProviderPayment, Subject } from '../provider.ts'
import { fromStripeAmount } from './amounts.ts'
import { hasCode, type StripeClient, writing } from './client.ts'
import {
  Charge,
  Deleted,
  Dispute,
  Invoice,
  InvoiceOwner,
  InvoicePayment,
  list,
  OfPayment,
  OfSubscription,
  Refund,
  Session,
} from './schemas.ts'
import { isProration } from './subscriptions.ts'

type Payments = Pick<BillingProvider, 'listPayments' | 'refund' | 'findSubject'>

/** Invoices are listed from earlier than charges: Stripe makes a renewal's invoice about an hour before it charges. */
const invoiceLeadMs = 48 * 3_600_000
const refundStatuses = {
  pending: 'pending',
  requires_action: 'pending',
  succeeded: 'succeeded',
  failed: 'failed',
  canceled: 'failed',
} as const

/** The payments of a provider by Stripe's API. Every method throws ProviderError. */
export function stripePayments({ ask }: StripeClient): Payments {
  async function subscriptionOfInvoice(invoiceId: string, call: CallOptions): Promise<Subject | null> {
    const { parent } = await ask('invoices.retrieve', call, InvoiceOwner, (stripe) =>
      stripe.invoices.retrieve(invoiceId),
    )
    const subscriptionId = parent?.subscription_details?.subscription
    return subscriptionId === undefined ? null : { subscriptionId }
  }

  async function subscriptionOfPayment(
    intentId: string | null | undefined,
    call: CallOptions,
  ): Promise<Subject | null> {
    if (!intentId) return null
    const { data } = await ask('invoicePayments.list', call, list(InvoicePayment), (stripe) =>
      stripe.invoicePayments.list({ payment: { type: 'payment_intent', payment_intent: intentId }, limit: 1 }),
    )
    return data[0] ? subscriptionOfInvoice(data[0].invoice, call) : null
  }

  /** The subject of an object, whose kind is the prefix of its id. */
  async function follow(id: string, call: CallOptions): Promise<Subject | null> {
    switch (id.slice(0, id.lastIndexOf('_'))) {
      case 'sub':
        return { subscriptionId: id }
      case 'in':
        return subscriptionOfInvoice(id, call)
      case 'pi':
        return subscriptionOfPayment(id, call)
      case 'cs_test':
      case 'cs_live':
      case 'cs': {
        const { subscription } = await ask('checkout.sessions.retrieve', call, Session, (stripe) =>
          stripe.checkout.sessions.retrieve(id),
        )
        return subscription === null ? { checkoutId: id } : { subscriptionId: subscription }
      }
      case 'sub_sched': {
        const { subscription } = await ask('subscriptionSchedules.retrieve', call, OfSubscription, (stripe) =>
          stripe.subscriptionSchedules.retrieve(id),
        )
        return subscription === null ? null : { subscriptionId: subscription }
      }
      case 'ch':
      case 'py': {
        const charge = await ask('charges.retrieve', call, OfPayment, (stripe) => stripe.charges.retrieve(id))
        return subscriptionOfPayment(charge.payment_intent, call)
      }
      case 're':
      case 'pyr': {
        const refund = await ask('refunds.retrieve', call, OfPayment, (stripe) => stripe.refunds.retrieve(id))
        return subscriptionOfPayment(refund.payment_intent, call)
      }
      case 'dp':
      case 'du': {
        const dispute = await ask('disputes.retrieve', call, OfPayment, (stripe) => stripe.disputes.retrieve(id))
        return subscriptionOfPayment(dispute.payment_intent, call)
      }
      default:
        return null
    }
  }

  /** The refunds of a charge and the disputes about it. */
  async function reversals(charge: Charge, subscriptionId: string, call: CallOptions): Promise<ProviderPayment[]> {
    const of = { subscriptionId, chargeId: charge.id, period: null, invoiceUrl: null }
    const refunds = charge.amount_refunded
      ? await ask('refunds.list', call, list(Refund), (stripe) =>
          stripe.refunds.list({ charge: charge.id, limit: 100 }),
        )
      : { data: [] }
    const disputes = charge.disputed
      ? await ask('disputes.list', call, list(Dispute), (stripe) =>
          stripe.disputes.list({ charge: charge.id, limit: 100 }),
        )
      : { data: [] }
    return [
      ...refunds.data.map(({ id, amount, currency, created, status }) => ({
        ...{ ...of, id, kind: 'refund' as const, status: refundStatuses[status], at: created },
        money: fromStripeAmount(amount, currency),
      })),
      ...disputes.data.map(({ id, amount, currency, created, status }) => ({
        ...{ ...of, id, kind: 'dispute' as const, status: toDisputeStatus(status), at: created },
        money: fromStripeAmount(amount, currency),
      })),
    ]
  }

  return {
    async listPayments({ id: subscriptionId, customerId: customer }, since, call) {
      const from = Math.floor(since.getTime() / 1000)
      const invoices = await ask('invoices.list', call, list(Invoice), (stripe) =>
        stripe.invoices.list({
          subscription: subscriptionId,
          created: { gte: from - invoiceLeadMs / 1000 },
          limit: 100,
          expand: ['data.payments'],
        }),
      )
      const charges = await ask('charges.list', call, list(Charge), (stripe) =>
        stripe.charges.list({ customer, created: { gte: from }, limit: 100 }),
      )
      const byIntent = new Map(
        invoices.data.flatMap((invoice) =>
          (invoice.payments?.data ?? []).map(({ payment }) => [payment.payment_intent, invoice] as const),
        ),
      )
      const payments: ProviderPayment[] = []
      for (const charge of charges.data) {
        const invoice = byIntent.get(charge.payment_intent ?? '')
        if (!invoice) continue
        payments.push({
          id: charge.id,
          kind: 'charge',
          status: charge.status,
          money: fromStripeAmount(charge.amount, charge.currency),
          at: charge.created,
          subscriptionId,
          chargeId: null,
          period: periodOf(invoice),
          invoiceUrl: invoice.hosted_invoice_url ?? null,
        })
        payments.push(...(await reversals(charge, subscriptionId, call)))
      }
      return payments
    },

    async refund({ chargeId }, call) {
      try {
        await ask('refunds.create', call, Deleted, (stripe) =>
          stripe.refunds.create({ charge: chargeId }, writing(call, 'refund')),
        )
      } catch (error) {
        if (!hasCode(error, 'charge_already_refunded')) throw error
      }
    },

    async findSubject({ objectId }, call) {
      if (objectId === null) return null
      try {
        return await follow(objectId, call)
      } catch (error) {
        if (hasCode(error, 'resource_missing')) return null
        throw error
      }
    },
  }
}

/** The period of the line that is no proration; an upgrade's invoice has only prorations: then the period that ends last. */
function periodOf({ lines }: Invoice): { start: Date; end: Date } | null {
  const whole = lines.data.filter((line) => !isProration(line))
  const candidates = whole.length > 0 ? whole : lines.data
  return candidates.map(({ period }) => period).toSorted((a, b) => b.end.getTime() - a.end.getTime())[0] ?? null
}

function toDisputeStatus(status: string): ProviderPayment['status'] {
  if (status === 'lost') return 'succeeded'
  return ['won', 'warning_closed', 'prevented'].includes(status) ? 'failed' : 'pending'
}
