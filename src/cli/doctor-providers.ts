import type { Config } from '../room-config.ts'
import { discover } from '../sso/discovery.ts'
import { toProviderError } from '../sso/provider-error.ts'
import { callbackUrl } from '../sso/providers.ts'
import type { Finding } from './finding.ts'

const timeoutSeconds = 5

/**
 * Checks whether each provider of OIDC_PROVIDERS answers and supports what sign-in requires, and prints what must be
 * registered there.
 */
export function examineProviders(config: Pick<Config, 'identityProviders' | 'publicUrl'>): Promise<Finding[]> {
  return Promise.all(
    config.identityProviders.map(async (provider): Promise<Finding> => {
      const name = `provider ${provider.id}`
      const redirect = callbackUrl(config.publicUrl, provider.id)
      try {
        const metadata = (await discover(provider, timeoutSeconds)).serverMetadata()
        const detail = `${metadata.issuer} answers; it must know the redirect URI ${redirect}`
        if (metadata.supportsPKCE()) return { name, state: 'good', detail }
        const advice =
          'it does not say that it supports PKCE with S256; nonce and state protect its sign-ins all the same'
        return { name, state: 'warning', detail, advice }
      } catch (error) {
        return {
          name,
          state: 'wrong',
          detail: `${provider.issuer}: ${toProviderError(error).reason}`,
          advice:
            'check the issuer in OIDC_PROVIDERS, and that this host may reach it; until then its sign-ins end with provider-error',
        }
      }
    }),
  )
}
