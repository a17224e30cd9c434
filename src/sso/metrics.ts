import type { Metric } from '../metrics/metric.ts'
import type { IdentityProviders } from './providers.ts'

/** Labels are bounded: ids of configured providers and known outcomes. */
export function ssoMetrics({ identityProviders }: { identityProviders: IdentityProviders }): Metric[] {
  return [
    {
      kind: 'counter',
      name: 'manas360_identity_provider_returns_total',
      help: 'Sign-ins by other providers, by how their return ended: code, or the error that the app was told',
      labels: ['provider', 'outcome'],
      read: () => identityProviders.outcomes().map(([provider, outcome, count]) => [{ provider, outcome }, count]),
    },
    {
      kind: 'gauge',
      name: 'manas360_identity_provider_requests',
      help: 'Sign-ins that ask a provider something, or wait for their turn',
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
