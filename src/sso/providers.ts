import type { InstanceConfig } from '../config/variables.ts'
import type { HttpConfig } from '../http/variables.ts'
import { type CallbackOutcome, createOutcomes } from './outcomes.ts'
import { createProvider, type Provider } from './provider.ts'
import type { SsoConfig } from './variables.ts'

export type IdentityProviders = ReturnType<typeof createIdentityProviders>

/** Bound of the time for a provider, in milliseconds, even where requests may take longer. */
const maxMs = 10_000

type Configured = SsoConfig & Pick<InstanceConfig, 'publicUrl'> & Pick<HttpConfig, 'requestTimeoutMs'>

/**
 * Creates the configured providers. No request is sent and the library is not loaded before the first sign-in.
 * @param now in milliseconds; only differences are used
 */
export function createIdentityProviders(config: Configured, now: () => number) {
  // The other half is left for this service's own work.
  const timeoutMs = Math.min(maxMs, config.requestTimeoutMs / 2)
  const providers = new Map<string, Provider>(
    config.identityProviders.map((provider) => {
      const redirectUri = callbackUrl(config.publicUrl, provider.id)
      return [provider.id, createProvider(provider, { redirectUri, timeoutMs, now })]
    }),
  )
  const outcomes = createOutcomes()
  return {
    find: (id: string): Provider | undefined => providers.get(id),
    all: (): readonly Provider[] => [...providers.values()],
    ids: (): string[] => [...providers.keys()],
    count: (providerId: string, outcome: CallbackOutcome): void => outcomes.count(providerId, outcome),
    outcomes: outcomes.all,
  }
}

/** The `redirect_uri` of a provider, which the operator registers there. */
export const callbackUrl = (publicUrl: string, providerId: string): string =>
  `${publicUrl}/v1/auth/oidc/${providerId}/callback`
