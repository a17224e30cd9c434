import { counter, gauge, type Metric } from '../metrics/metric.ts'
import type { Leases } from './leases.ts'

export function quotaMetrics({ stats }: Pick<Leases, 'stats'>): Metric[] {
  return [
    gauge('manas360_quota_leases', 'Accounts of whose monthly quota units are held here', () => stats().held),
    counter('manas360_quota_lease_requests_total', 'Units asked for in the database', () => stats().refills),
    counter(
      'manas360_quota_refusals_total',
      'API-key requests refused, for the monthly quota was used up',
      () => stats().refusals,
    ),
  ]
}
