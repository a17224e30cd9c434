import type { Db } from '../db/types.ts'
import { counterBy, gaugesOf, type Metric } from '../metrics/metric.ts'
import type { Figures } from './figures.ts'
import { findBacklog } from './log-queries.ts'

/**
 * Attempts of this instance, and waiting deliveries of all instances, which have no samples while the database is lost.
 */
export function webhookMetrics({ webhookFigures, sql }: { webhookFigures: Figures; sql: Db }): Metric[] {
  return [
    counterBy(
      'manas360_webhook_attempts_total',
      'Attempts to deliver a webhook message, by outcome: delivered or failed',
      'outcome',
      () => Object.entries(webhookFigures.outcomes()),
    ),
    ...gaugesOf(
      () => findBacklog(sql),
      [
        [
          'manas360_webhook_deliveries_queued',
          'Webhook messages that wait to be delivered, of all instances',
          'queued',
        ],
        [
          'manas360_webhook_oldest_due_seconds',
          'Seconds since the oldest waiting webhook message was due, to endpoints that are neither slow nor failing; 0 if none is',
          'oldestSeconds',
        ],
        ['manas360_webhook_endpoints_failing', 'Webhook endpoints whose last attempt failed', 'failing'],
        [
          'manas360_webhook_endpoints_disabled',
          'Webhook endpoints that were disabled because they kept failing or answered 410',
          'disabled',
        ],
      ],
    ),
  ]
}
