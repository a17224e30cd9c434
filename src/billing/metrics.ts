import type { Db } from '../db/types.ts'
import type { Metric } from '../metrics/metric.ts'
import { findInbox } from './event-queries.ts'
import type { BillingProvider } from './providers/provider.ts'

/** What waits in the inbox of payment events, of all instances; no samples without a database. */
export function billingMetrics({ providers, sql }: { providers: readonly BillingProvider[]; sql: Db }): Metric[] {
  if (providers.length === 0) return []
  let reading: ReturnType<typeof findInbox> | undefined
  /** Read once for a scrape, whose gauges are all collected at once. */
  const read = () => {
    reading ??= findInbox(sql).finally(() => {
      reading = undefined
    })
    return reading
  }
  const ofInbox = (name: string, help: string, value: 'queued' | 'failed' | 'oldestSeconds'): Metric => ({
    kind: 'gauge',
    name,
    help,
    labels: [],
    read: () =>
      read().then(
        (inbox) => [[{}, inbox[value]]],
        () => [],
      ),
  })
  return [
    ofInbox('manas360_billing_events_queued', 'Payment events that wait, of all instances', 'queued'),
    ofInbox('manas360_billing_events_failed', 'Payment events that were given up', 'failed'),
    ofInbox('manas360_billing_oldest_queued_seconds', 'For how long the oldest of them has waited', 'oldestSeconds'),
  ]
}
