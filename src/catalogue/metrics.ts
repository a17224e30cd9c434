import { gauge, type Metric } from '../metrics/metric.ts'
import type { Catalogue } from './catalogue.ts'

export function catalogueMetrics(catalogue: { current: Catalogue }): Metric[] {
  return [gauge('manas360_catalogue_version', 'The catalogue that guards go by', () => catalogue.current.version)]
}
