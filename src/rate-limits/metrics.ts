import { counterBy, type Metric } from '../metrics/metric.ts'
import type { Limits } from './limiters.ts'

/** Metrics of the tiers that are on. */
export function limitMetrics(limits: Limits): Metric[] {
  const tiers = Object.entries(limits).flatMap(([name, tier]) => (tier ? [{ name, tier }] : []))
  return [
    counterBy('manas360_rate_limit_hits_total', 'Requests over a rate limit, by tier', 'tier', () =>
      tiers.map(({ name, tier }) => [name, tier.hits()]),
    ),
    counterBy(
      'manas360_rate_limit_uncounted_total',
      'Requests that could not be counted, by tier; the tiers global and api let them pass, the others refuse them',
      'tier',
      () => tiers.map(({ name, tier }) => [name, tier.uncounted()]),
    ),
  ]
}
