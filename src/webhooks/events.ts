/** Every event, as sql/functions/webhooks.sql writes it. */
export const webhookEvents = [
  'account.created',
  'account.updated',
  'account.erased',
  'session.revoked',
  'role.changed',
  'subscription.changed',
  'subscription.ended',
  'payment.succeeded',
  'payment.failed',
  'team.member_added',
  'team.member_removed',
  'api_key.created',
  'api_key.deleted',
  'catalogue.changed',
] as const

export type WebhookEvent = (typeof webhookEvents)[number]

/** What can never reach an account's own endpoint: it is of no account, or the endpoint is not there yet, or gone with it. */
const ofOperatorsAlone: readonly WebhookEvent[] = ['account.created', 'account.erased', 'catalogue.changed']

/** The events of an account's own endpoints. */
export const ownWebhookEvents = webhookEvents.filter((event) => !ofOperatorsAlone.includes(event))
