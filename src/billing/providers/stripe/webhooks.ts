import { z } from 'zod'
import { Id } from '../answer-fields.ts'
import type { BillingProvider, WebhookEvent } from '../provider.ts'
import type { StripeClient } from './client.ts'

/** The largest difference between a signature's time and now, in either direction. The library checks only the age. */
const toleranceSeconds = 300
/** Objects that belong to a subscription; events about others are ignored. */
const subjects = new Set([
  'subscription',
  'subscription_schedule',
  'checkout.session',
  'invoice',
  'payment_intent',
  'charge',
  'refund',
  'dispute',
])

const Event = z.looseObject({
  id: Id,
  type: Id.max(100),
  data: z.looseObject({ object: z.looseObject({ id: Id.optional(), object: z.string() }) }).optional(),
})

/** Verifies `Stripe-Signature`. @see https://docs.stripe.com/webhooks/signature */
export function stripeWebhooks(
  { webhooks }: StripeClient,
  secrets: readonly string[],
): Pick<BillingProvider, 'verifyWebhook'> {
  return {
    async verifyWebhook(body, headers) {
      const header = headers.get('stripe-signature')
      if (!header || isAhead(header)) return null
      const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
      for (const secret of secrets) {
        // The library's build for this runtime supports only the asynchronous method.
        const event = await webhooks.constructEventAsync(text, header, secret, toleranceSeconds).catch(() => null)
        if (event) return toWebhookEvent(event)
      }
      return null
    },
  }
}

function isAhead(header: string): boolean {
  const signedAt = Number(/(?:^|,)t=(\d{1,12})(?:,|$)/.exec(header)?.[1])
  return !(signedAt <= Date.now() / 1000 + toleranceSeconds)
}

function toWebhookEvent(event: unknown): WebhookEvent | null {
  const { data } = Event.safeParse(event)
  if (!data) return null
  const object = data.data?.object
  return { id: data.id, type: data.type, objectId: object && subjects.has(object.object) ? (object.id ?? null) : null }
}
