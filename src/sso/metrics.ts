import type { Metric } from '../metrics/metric.ts'
import type { IdentityProviders } from './providers.ts'

/** Labels are bounded: ids of configured providers and known outcomes. */
export function ssoMetrics({ identityProviders }: { identityProviders: IdentityProviders }): Metric[] {
  return [
    {
      kind: 'counter',
      name: 'manas360_identity_provider_returns_total',
      help: 'Returns from identity providers, by provider and outcome: code (signed in) or the error code that the app got',
      labels: ['provider', 'outcome'],
      read: () => identityProviders.outcomes().map(([provider, outcome, count]) => [{ provider, outcome }, count]),
    },
    {
      kind: 'gauge',
      name: 'manas360_identity_provider_requests',
      help: 'Sign-ins that call an identity provider, by provider and state: running, or waiting for a free place',
      labels: ['provider', 'state'],
      read: () =>
        identityProviders.all().flatMap(({ id, stats }) => {
          const { running, waiting } = stats()
          return [
            [{ provider: id, state: 'running' }, running],
            [{ provider: id, state: 'waiting' }, waiting],
          ] as [Record<string, string>, number][]
        }),
    },
  ]
}
