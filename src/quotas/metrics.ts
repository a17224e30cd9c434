import { counter, gauge, type Metric } from '../metrics/metric.ts'
import type { Leases } from './leases.ts'

/** The metrics of leases: units consumed, refused and refunded, and queries of the database. */
export function quotaMetrics({ stats }: Pick<Leases, 'stats'>): Metric[] {
  return [
    gauge(
      'manas360_quota_leases',
      'Leases with unused units of monthly quotas on this instance, one for each account and feature',
      () => stats().held,
    ),
    counter(
      'manas360_quota_lease_requests_total',
      'Requests to the database for more units of a monthly quota',
      () => stats().refills,
    ),
    counter(
      'manas360_quota_refusals_total',
      'Requests refused because a monthly quota was used up',
      () => stats().refusals,
    ),
  ]
}
