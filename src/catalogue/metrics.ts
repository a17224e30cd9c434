import { gauge, type Metric } from '../metrics/metric.ts'
import type { Catalogue } from './catalogue.ts'

/** The version of the catalogue in memory. */
export function catalogueMetrics(catalogue: { current: Catalogue }): Metric[] {
  return [
    gauge(
      'manas360_catalogue_version',
      'Version of the catalogue of plans and features that this instance uses',
      () => catalogue.current.version,
    ),
  ]
}
