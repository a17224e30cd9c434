import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { Id } from '../answer-fields.ts'
import type { BillingProvider, WebhookEvent } from '../provider.ts'

const Entity = z.looseObject({
  entity: z.looseObject({ id: Id.max(64), payment_id: Id.max(64).nullish() }),
})
const Event = z.looseObject({
  event: Id.max(100),
  payload: z.looseObject({
    subscription: Entity.optional(),
    invoice: Entity.optional(),
    payment: Entity.optional(),
    refund: Entity.optional(),
    dispute: Entity.optional(),
  }),
})

/**
 * Webhooks of Razorpay: `X-Razorpay-Signature` is the HMAC-SHA256 of the body under the webhook's secret, in hexadecimal. It covers no
 * timestamp, so an old webhook can be replayed: harmless, because only the object's id is used. The event's id is the hash of the body,
 * because the signature does not cover the header `x-razorpay-event-id`.
 */
export function razorpayWebhooks(secrets: readonly string[]): Pick<BillingProvider, 'verifyWebhook'> {
  return {
    async verifyWebhook(body, headers) {
      const signature = headers.get('x-razorpay-signature') ?? ''
      if (!/^[0-9a-f]{64}$/.test(signature)) return null
      const given = Buffer.from(signature, 'hex')
      const isSigned = secrets.some((secret) =>
        timingSafeEqual(createHmac('sha256', secret).update(body).digest(), given),
      )
      return isSigned ? toWebhookEvent(body) : null
    },
  }
}

function toWebhookEvent(body: Uint8Array): WebhookEvent | null {
  const { data } = Event.safeParse(parse(body))
  if (!data) return null
  const { subscription, invoice, payment, refund, dispute } = data.payload
  const reversed = refund?.entity.payment_id ?? dispute?.entity.payment_id
  const objectId = subscription?.entity.id ?? invoice?.entity.id ?? payment?.entity.id ?? reversed ?? null
  return { id: createHash('sha256').update(body).digest('hex'), type: data.event, objectId }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return null
  }
}
