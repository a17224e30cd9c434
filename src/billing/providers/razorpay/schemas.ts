import { z } from 'zod'
import { Amount, Currency, PageUrl, Seconds, Time } from '../answer-fields.ts'

/** The fields of Razorpay's entities that are used; others are ignored. Times are epoch seconds. */
const Id = z.string().regex(/^\w{1,64}$/)
/** Razorpay sends empty notes as an empty list. */
const Notes = z.union([z.record(z.string(), z.unknown()), z.array(z.unknown()).transform(() => ({}))])
const notes = Notes.transform(
  (all): Record<string, string> =>
    Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
)
/** Razorpay's list of entities (https://razorpay.com/docs/api, `entity: collection`). */
export const collection = <T extends z.ZodType>(item: T) => z.looseObject({ items: z.array(item) })

export const WithId = z.looseObject({ id: Id })
export const Anything = z.looseObject({})

export const Plan = z.looseObject({ id: Id, notes })

export const Subscription = z.looseObject({
  id: Id,
  plan_id: Id,
  customer_id: Id.nullish(),
  status: z.enum([
    'created',
    'authenticated',
    'active',
    'pending',
    'halted',
    'paused',
    'cancelled',
    'completed',
    'expired',
  ]),
  current_end: Time.nullable(),
  ended_at: Time.nullable(),
  charge_at: Seconds.nullish(),
  start_at: Time.nullish(),
  created_at: Time,
  expire_by: Time.nullish(),
  remaining_count: z.int().nullish(),
  paid_count: z.int(),
  has_scheduled_changes: z.boolean(),
  short_url: PageUrl,
  notes,
})
export type Subscription = z.infer<typeof Subscription>

export const Invoice = z.looseObject({
  id: Id,
  subscription_id: Id.nullish(),
  payment_id: Id.nullish(),
  status: z.enum(['draft', 'issued', 'partially_paid', 'paid', 'cancelled', 'expired', 'deleted']),
  amount: Amount,
  currency: Currency,
  billing_start: Time.nullish(),
  billing_end: Time.nullish(),
  created_at: Time,
  short_url: PageUrl.nullish(),
})
export type Invoice = z.infer<typeof Invoice>

export const Payment = z.looseObject({
  id: Id,
  status: z.enum(['created', 'authorized', 'captured', 'refunded', 'failed']),
  amount: Amount,
  currency: Currency,
  amount_refunded: Amount.nullish(),
  invoice_id: Id.nullish(),
  created_at: Time,
})
export type Payment = z.infer<typeof Payment>

export const Refund = z.looseObject({
  id: Id,
  amount: Amount,
  currency: Currency,
  status: z.enum(['pending', 'processed', 'failed']),
  created_at: Time,
})

export const Dispute = z.looseObject({
  id: Id,
  payment_id: Id,
  amount: Amount,
  currency: Currency,
  status: z.enum(['open', 'under_review', 'won', 'lost', 'closed']),
  created_at: Time,
})
