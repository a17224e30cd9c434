import { z } from 'zod'
import { bounded, boundedList, prose, Uuid } from '../http/input/fields.ts'
import { ownWebhookEvents, type WebhookEvent, webhookEvents } from './events.ts'

/** The target is checked in url.ts, which has the configuration. */
const Url = () =>
  bounded(2_000, 'A URL has at most 2,000 characters.')
    .regex(/^https?:\/\/[^\s#]+$/, 'Send a URL such as https://example.com/hooks, without a fragment.')
    .meta({ pattern: '^https?://[^\\s#]+$' })

const Description = () => prose('A description').nullable()

/** The schemas for the events that an owner's endpoints can choose. */
function schemasOf(events: readonly WebhookEvent[], ref: string) {
  const fields = () => ({
    url: Url(),
    events: boundedList(z.enum(events), 50, 1),
    description: Description().optional(),
  })
  return {
    New: z.lazy(() => z.strictObject(fields()).meta({ ref: `New${ref}` })),
    Patch: z.lazy(() =>
      z
        .strictObject({ ...fields(), enabled: z.boolean() })
        .partial()
        .meta({ ref: `${ref}Patch` }),
    ),
  }
}

export const ownSchemas = schemasOf(ownWebhookEvents, 'Webhook')
export const operatorsSchemas = schemasOf(webhookEvents, 'OperatorsWebhook')
export type NewEndpoint = z.infer<(typeof operatorsSchemas)['New']>

export const EndpointPath = z.lazy(() => z.strictObject({ id: Uuid }))
export const DeliveryPath = z.lazy(() => z.strictObject({ id: Uuid, deliveryId: Uuid }))

const Time = z.iso.datetime()
const shown = {
  id: z.uuid(),
  url: z.string(),
  description: z.string().nullable(),
  events: z.array(z.enum(webhookEvents)),
  enabled: z.boolean(),
  disabledReason: z
    .enum(['gone', 'failing'])
    .nullable()
    .meta({ description: 'Why it was disabled: the receiver answered 410, or nothing came through for five days.' }),
  failingSince: Time.nullable(),
  lastAttemptAt: Time.nullable(),
  createdAt: Time,
  updatedAt: Time,
}
const Secret = z
  .string()
  .nullable()
  .meta({ description: 'Shown this once; null when an Idempotency-Key replays the answer.' })

export const EndpointBody = z.lazy(() => z.object(shown).meta({ ref: 'Webhook' }))
export const CreatedEndpointBody = z.lazy(() => z.object({ ...shown, secret: Secret }).meta({ ref: 'CreatedWebhook' }))
export const RotatedSecretBody = z.lazy(() =>
  z
    .object({ secret: Secret, earlierSecretUntil: Time.meta({ description: 'Until then both secrets sign.' }) })
    .meta({ ref: 'RotatedWebhookSecret' }),
)

export const DeliveryBody = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      messageId: z.uuid().meta({ description: 'The webhook-id header is msg_ with this behind it.' }),
      type: z.string(),
      status: z.enum(['queued', 'delivered', 'failed']),
      attempts: z.int().min(0).max(1_000),
      createdAt: Time,
      dueAt: Time,
      lastAttemptAt: Time.nullable(),
      durationMs: z.int().min(0).max(2_147_483_647).nullable(),
      responseStatus: z.int().min(0).max(999).nullable(),
      responseBody: z.string().nullable().meta({ description: 'Its first 1,024 bytes.' }),
      lastError: z.string().nullable(),
      endedAt: Time.nullable(),
    })
    .meta({ ref: 'WebhookDelivery' }),
)
