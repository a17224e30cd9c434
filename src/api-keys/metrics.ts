import { counter, gauge, type Metric } from '../metrics/metric.ts'
import type { ApiKeys } from './verifier.ts'

/** The metrics of the verifier of API keys. */
export function apiKeyMetrics({ stats }: Pick<ApiKeys, 'stats'>): Metric[] {
  return [
    gauge('manas360_api_keys_remembered', 'API keys that this instance has in memory', () => stats().remembered),
    counter('manas360_api_key_look_ups_total', 'Look-ups of API keys in the database', () => stats().lookUps),
  ]
}
