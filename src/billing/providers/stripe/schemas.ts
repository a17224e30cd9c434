import { z } from 'zod'
import { Amount, Currency, Id, PageUrl, Time } from '../answer-fields.ts'

/** The fields of Stripe's objects that are used (API version 2026-10-28.endive); others are ignored. */
const Reference = z.union([Id, z.looseObject({ id: Id }).transform(({ id }) => id)])
const Metadata = z.record(z.string(), z.string())
/** Stripe's list of objects (https://docs.stripe.com/api/pagination). */
export const list = <T extends z.ZodType>(item: T) => z.looseObject({ data: z.array(item) })

export const WithId = z.looseObject({ id: Id })
export const Deleted = z.looseObject({})

export const Session = z.looseObject({
  id: Id,
  url: PageUrl.nullable(),
  status: z.enum(['open', 'complete', 'expired']),
  subscription: Reference.nullable(),
  expires_at: Time,
})

const InvoiceStatus = z.enum(['draft', 'open', 'paid', 'uncollectible', 'void'])

export const Subscription = z.looseObject({
  id: Id,
  customer: Reference,
  status: z.enum(['incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'canceled']),
  metadata: Metadata,
  start_date: Time,
  ended_at: Time.nullable(),
  cancel_at_period_end: z.boolean(),
  items: list(
    z.looseObject({
      id: Id,
      current_period_start: Time,
      current_period_end: Time,
      price: z.looseObject({ id: Id, recurring: z.looseObject({ interval: z.enum(['month', 'year']) }) }),
    }),
  ).refine(({ data }) => data.length === 1),
  pending_update: z.looseObject({}).nullable(),
  latest_invoice: z
    .looseObject({
      status: InvoiceStatus.nullable(),
      billing_reason: z.string().nullable(),
      hosted_invoice_url: PageUrl.nullish(),
    })
    .nullable(),
  schedule: z
    .looseObject({
      id: Id,
      current_phase: z.looseObject({ start_date: z.number(), end_date: z.number() }).nullable(),
      phases: z.array(z.looseObject({ start_date: z.number(), items: z.array(z.looseObject({ price: Reference })) })),
    })
    .nullable(),
})
export type Subscription = z.infer<typeof Subscription>

const Line = z.looseObject({
  amount: z.int(),
  period: z.looseObject({ start: Time, end: Time }),
  parent: z
    .looseObject({
      subscription_item_details: z.looseObject({ proration: z.boolean() }).nullish(),
      invoice_item_details: z.looseObject({ proration: z.boolean() }).nullish(),
    })
    .nullable(),
})
export type Line = z.infer<typeof Line>

export const InvoicePreview = z.looseObject({ currency: Currency, lines: list(Line) })

const Parent = z.looseObject({ subscription_details: z.looseObject({ subscription: Reference }).nullish() }).nullable()

export const InvoiceOwner = z.looseObject({ id: Id, parent: Parent })

export const Invoice = z.looseObject({
  id: Id,
  hosted_invoice_url: PageUrl.nullish(),
  lines: list(Line),
  payments: list(z.looseObject({ payment: z.looseObject({ payment_intent: Reference.optional() }) })).optional(),
})
export type Invoice = z.infer<typeof Invoice>

export const InvoicePayment = z.looseObject({ invoice: Reference })

export const Charge = z.looseObject({
  id: Id,
  amount: Amount,
  amount_refunded: Amount,
  currency: Currency,
  created: Time,
  disputed: z.boolean(),
  status: z.enum(['succeeded', 'pending', 'failed']),
  payment_intent: Reference.nullable(),
})
export type Charge = z.infer<typeof Charge>

export const Refund = z.looseObject({
  id: Id,
  amount: Amount,
  currency: Currency,
  created: Time,
  status: z.enum(['pending', 'requires_action', 'succeeded', 'failed', 'canceled']),
})

export const Dispute = z.looseObject({
  id: Id,
  amount: Amount,
  currency: Currency,
  created: Time,
  status: z.enum([
    'appeal_needs_response',
    'appeal_under_review',
    'warning_needs_response',
    'warning_under_review',
    'warning_closed',
    'needs_response',
    'under_review',
    'won',
    'lost',
    'prevented',
  ]),
})

/** A charge, a refund, a dispute or a payment intent, as far as it leads to the payment. */
export const OfPayment = z.looseObject({ id: Id, payment_intent: Reference.nullish() })

export const OfSubscription = z.looseObject({ subscription: Reference.nullable() })
