import type { Db } from '../db/types.ts'
import { durationHistogramBy } from '../metrics/durations.ts'
import { gaugesOf, type Metric } from '../metrics/metric.ts'
import { findInbox } from './event-queries.ts'
import { figuresOf, type ProviderFigures } from './providers/observed.ts'
import type { BillingProvider } from './providers/provider.ts'

/** Calls of this instance to payment providers, and queued events of all instances; the latter have no samples without a database. */
export function billingMetrics({ providers, sql }: { providers: readonly BillingProvider[]; sql: Db }): Metric[] {
  if (providers.length === 0) return []
  const observed = providers.flatMap((provider): [string, ProviderFigures][] => {
    const figures = figuresOf(provider)
    return figures ? [[provider.name, figures]] : []
  })
  return [
    {
      kind: 'counter',
      name: 'manas360_billing_provider_calls_total',
      help: 'Calls to payment providers, by provider and outcome: answered, refused, unsupported, unavailable, unreadable or failed',
      labels: ['provider', 'outcome'],
      read: () =>
        observed.flatMap(([provider, { calls }]) =>
          [...calls].map(([outcome, count]): [Record<string, string>, number] => [{ provider, outcome }, count]),
        ),
    },
    durationHistogramBy(
      'manas360_billing_provider_call_seconds',
      'Seconds that calls to payment providers took, by provider',
      'provider',
      () => observed.map(([provider, { durations }]) => [provider, durations]),
    ),
    ...gaugesOf(
      () => findInbox(sql),
      [
        [
          'manas360_billing_events_queued',
          'Webhook events of payment providers that wait to be processed, of all instances',
          'queued',
        ],
        [
          'manas360_billing_events_failed',
          'Webhook events of payment providers whose processing was given up, of all instances',
          'failed',
        ],
        [
          'manas360_billing_oldest_queued_seconds',
          'Seconds since the oldest waiting webhook event of a payment provider came in; 0 if none waits',
          'oldestSeconds',
        ],
      ],
    ),
  ]
}
