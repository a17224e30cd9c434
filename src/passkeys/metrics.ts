import type { Metric } from '../metrics/metric.ts'
import type { Passkeys } from './deps.ts'

/** The outcomes of passkey responses. */
export function passkeyMetrics({ figures }: Passkeys): Metric[] {
  return [
    {
      kind: 'counter',
      name: 'manas360_passkey_responses_total',
      help: 'Passkey responses, by purpose and outcome; copied: valid, but with a signature counter that is not ahead of the stored one',
      labels: ['purpose', 'outcome'],
      read: () => figures.read().map(({ purpose, outcome, count }) => [{ purpose, outcome }, count]),
    },
  ]
}
