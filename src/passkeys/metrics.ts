import type { Metric } from '../metrics/metric.ts'
import type { Passkeys } from './deps.ts'

export function passkeyMetrics({ figures }: Passkeys): Metric[] {
  return [
    {
      kind: 'counter',
      name: 'manas360_passkey_responses_total',
      help: 'Responses of passkeys by purpose and outcome; copied: right, but the counter had gone back',
      labels: ['purpose', 'outcome'],
      read: () => figures.read().map(({ purpose, outcome, count }) => [{ purpose, outcome }, count]),
    },
  ]
}
