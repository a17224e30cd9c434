import type { Db } from '../db/types.ts'
import { gaugesOf, type Metric } from '../metrics/metric.ts'
import { findInbox } from './event-queries.ts'
import type { BillingProvider } from './providers/provider.ts'

/** What waits in the inbox of payment events, of all instances; no samples without a database. */
export function billingMetrics({ providers, sql }: { providers: readonly BillingProvider[]; sql: Db }): Metric[] {
  if (providers.length === 0) return []
  return gaugesOf(
    () => findInbox(sql),
    [
      ['manas360_billing_events_queued', 'Payment events that wait, of all instances', 'queued'],
      ['manas360_billing_events_failed', 'Payment events that were given up', 'failed'],
      ['manas360_billing_oldest_queued_seconds', 'For how long the oldest of them has waited', 'oldestSeconds'],
    ],
  )
}
