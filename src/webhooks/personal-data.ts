import { type PersonalData, rowsOf } from '../db/personal-data.ts'

export const webhookData: PersonalData[] = [
  {
    table: 'webhook_endpoints',
    exported: rowsOf('webhook_endpoints', {
      part: 'webhooks',
      columns: `t.id, url, description, events, enabled, disabled_reason as "disabledReason", created_at as "createdAt", last_attempt_at as "lastAttemptAt"`,
      key: [['id', 'uuid']],
    }),
    erased: { account: 'account_id' },
  },
  {
    table: 'webhook_messages',
    exported: { not: 'copies of what the other parts show, on their way to endpoints; they go after 30 days' },
    erased: { account: 'account_id' },
  },
  {
    table: 'webhook_deliveries',
    exported: { not: 'the log of an endpoint, which GET /v1/webhooks/{id}/deliveries shows; it goes after 30 days' },
    erased: { otherwise: 'goes with its endpoint and its message' },
  },
]
