/** All events, as sql/functions/webhooks.sql writes them. */
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

/**
 * Events that cannot reach an endpoint of an account: they belong to no account, or the endpoint does not exist yet or
 * any more.
 */
const ofOperatorsAlone: readonly WebhookEvent[] = ['account.created', 'account.erased', 'catalogue.changed']

/** The events of an account's own endpoints. */
export const ownWebhookEvents = webhookEvents.filter((event) => !ofOperatorsAlone.includes(event))
