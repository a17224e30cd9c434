import { z } from 'zod'
import { CurrencyCode } from '../catalogue/currencies.ts'
import { bounded, Slug } from '../http/input/fields.ts'

const Interval = z.enum(['month', 'year'])
const Moment = z.iso.datetime()
const Amount = z.int().min(0).max(Number.MAX_SAFE_INTEGER)
const ReturnTo = bounded(500, 'Use at most 500 characters.').meta({ description: 'one of RETURN_URLS' })
const ProviderName = z.string().regex(/^[a-z]{1,40}$/, 'Use the name of a provider.')

export const Subscribe = z.lazy(() =>
  z
    .strictObject({
      plan: Slug,
      interval: Interval,
      currency: CurrencyCode.optional(),
      provider: ProviderName.optional(),
      returnTo: ReturnTo.optional(),
    })
    .meta({ ref: 'Subscribe' }),
)
export const Preview = z.lazy(() =>
  z.strictObject({ plan: Slug, interval: Interval.default('month') }).meta({ ref: 'Preview' }),
)
export const Portal = z.lazy(() => z.strictObject({ returnTo: ReturnTo.optional() }).meta({ ref: 'PortalRequest' }))

export const SubscriptionBody = z.lazy(() =>
  z
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
    .meta({ ref: 'Subscription' }),
)

export const CheckoutBody = z.lazy(() => z.object({ checkoutUrl: z.string() }).meta({ ref: 'Checkout' }))
export const PortalBody = z.lazy(() => z.object({ portalUrl: z.string() }).meta({ ref: 'Portal' }))

export const PreviewBody = z.lazy(() =>
  z
    .object({
      plan: z.string(),
      gained: z.array(z.string()),
      lost: z.array(z.string()),
      overLimit: z.array(z.object({ limit: z.string(), used: z.number().min(0), allowed: z.number().min(0) })),
      seats: z
        .array(
          z.object({
            id: z.uuid(),
            firstName: z.string().nullable(),
            lastName: z.string().nullable(),
            joinedAt: Moment,
            loses: z.enum(['seat', 'plan']).meta({
              description: 'seat: the member leaves the team then; plan: the team sleeps, and the member is on free',
            }),
            at: Moment,
          }),
        )
        .meta({ description: 'members of the own team who would lose something, those who joined last first' }),
      when: Moment,
      cost: z
        .object({
          amountMinor: Amount,
          currency: z.string(),
          interval: Interval,
          trialDays: z.int().min(0).max(365),
        })
        .nullable(),
      proration: z
        .object({ creditMinor: Amount, chargeMinor: Amount, currency: z.string() })
        .nullable()
        .meta({ description: 'what a change at once would cost now; null: nothing, or the provider does not tell' }),
    })
    .meta({ ref: 'SubscriptionPreview' }),
)

export const PaymentBody = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      at: Moment,
      provider: z.string(),
      kind: z.enum(['charge', 'refund', 'dispute']),
      status: z.enum(['pending', 'succeeded', 'failed']),
      amountMinor: Amount.meta({ description: 'in minor units of the currency' }),
      currency: z.string(),
      plan: z.string().nullable(),
      invoiceUrl: z.string().nullable(),
    })
    .meta({ ref: 'Payment' }),
)
