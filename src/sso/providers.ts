import type { InstanceConfig } from '../config/variables.ts'
import type { HttpConfig } from '../http/variables.ts'
import { type CallbackOutcome, createOutcomes } from './outcomes.ts'
import { createProvider, type Provider } from './provider.ts'
import type { SsoConfig } from './variables.ts'

export type IdentityProviders = ReturnType<typeof createIdentityProviders>

/** What one sign-in may wait for its provider, whatever the request itself may take. */
const mostMs = 10_000

type Configured = SsoConfig & Pick<InstanceConfig, 'publicUrl'> & Pick<HttpConfig, 'requestTimeoutMs'>

/**
 * The providers that are configured. Nothing is asked of them, and nothing of the library is loaded, before the first sign-in.
 * @param now milliseconds of any clock
 */
export function createIdentityProviders(config: Configured, now: () => number) {
  // The rest of the request's time is for its own answer.
  const timeoutMs = Math.min(mostMs, config.requestTimeoutMs / 2)
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

/** Where a provider sends people back to; the operator registers it there. */
export const callbackUrl = (publicUrl: string, providerId: string): string =>
  `${publicUrl}/v1/auth/oidc/${providerId}/callback`
