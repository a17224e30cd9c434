import { z } from 'zod'
import { Slug } from '../http/input/fields.ts'

const Interval = z.enum(['month', 'year'])
const Moment = z.iso.datetime()

export const Subscribe = z.strictObject({ plan: Slug, interval: Interval }).meta({ ref: 'Subscribe' })
export const Preview = z.strictObject({ plan: Slug, interval: Interval.default('month') }).meta({ ref: 'Preview' })

export const SubscriptionBody = z
  .object({
    plan: z.object({ name: z.string(), displayName: z.string(), tier: z.int().min(0).max(1000) }),
    status: z.enum(['trialing', 'active', 'past_due', 'cancelled', 'expired']),
    interval: Interval.nullable(),
    provider: z.string(),
    startedAt: Moment,
    currentPeriodEnd: Moment.nullable(),
    cancelAtPeriodEnd: z.boolean(),
    pending: z.object({ plan: z.string(), at: Moment }).nullable(),
  })
  .meta({ ref: 'Subscription' })

export const CheckoutBody = z.object({ checkoutUrl: z.string() }).meta({ ref: 'Checkout' })

export const PreviewBody = z
  .object({
    plan: z.string(),
    gained: z.array(z.string()),
    lost: z.array(z.string()),
    overLimit: z.array(z.object({ limit: z.string(), used: z.number().min(0), allowed: z.number().min(0) })),
    when: Moment,
    cost: z
      .object({
        amountMinor: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
        currency: z.string(),
        interval: Interval,
        trialDays: z.int().min(0).max(365),
      })
      .nullable(),
  })
  .meta({ ref: 'SubscriptionPreview' })
