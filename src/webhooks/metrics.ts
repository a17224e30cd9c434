import type { Db } from '../db/types.ts'
import { counterBy, gaugesOf, type Metric } from '../metrics/metric.ts'
import type { Figures } from './figures.ts'
import { findBacklog } from './log-queries.ts'

/** Attempts of this instance, and what waits of all instances, which has no samples while the database is lost. */
export function webhookMetrics({ webhookFigures, sql }: { webhookFigures: Figures; sql: Db }): Metric[] {
  return [
    counterBy('manas360_webhook_attempts_total', 'Attempts to deliver an event, by what came of them', 'outcome', () =>
      Object.entries(webhookFigures.outcomes()),
    ),
    ...gaugesOf(
      () => findBacklog(sql),
      [
        ['manas360_webhook_deliveries_queued', 'Deliveries that wait, of all instances', 'queued'],
        [
          'manas360_webhook_oldest_due_seconds',
          'For how long the oldest has been due to an endpoint that is neither slow nor failing',
          'oldestSeconds',
        ],
        ['manas360_webhook_endpoints_failing', 'Endpoints whose last attempt failed', 'failing'],
        ['manas360_webhook_endpoints_disabled', 'Endpoints that were disabled because they failed', 'disabled'],
      ],
    ),
  ]
}
