import type { Configuration } from 'openid-client'
import { boundedFetch } from './egress.ts'
import { ProviderError, toProviderError } from './provider-error.ts'
import type { IdentityProvider } from './variables.ts'

/** Metadata that is older is read again, beside the sign-ins that use it. */
const freshMs = 3_600_000
/** So long nobody asks a provider again that did not answer; where earlier metadata serves, longer. */
const retryMs = 1_000
const quietRetryMs = 60_000

type Options = {
  /** Seconds that one answer of the provider may take. */
  timeoutSeconds: number
  /** Milliseconds of any clock. */
  now: () => number
}

/**
 * Reads what a provider says of itself (OpenID Connect Discovery 4), once for all who ask at the same time, and keeps it.
 * @returns gives the configuration; throws ProviderError where there is none yet and the provider does not answer
 */
export function createDiscovery(provider: IdentityProvider, { timeoutSeconds, now }: Options) {
  let current: { configuration: Configuration; at: number } | undefined
  let pending: Promise<Configuration> | undefined
  let failed: { error: ProviderError; retryAt: number } | undefined

  async function read(): Promise<Configuration> {
    try {
      const configuration = await discover(provider, timeoutSeconds)
      current = { configuration, at: now() }
      failed = undefined
      return configuration
    } catch (cause) {
      const error = toProviderError(cause)
      failed = { error, retryAt: now() + (current ? quietRetryMs : retryMs) }
      throw error
    } finally {
      pending = undefined
    }
  }

  return async function configuration(): Promise<Configuration> {
    if (current && now() - current.at < freshMs) return current.configuration
    if (failed && now() < failed.retryAt) {
      if (current) return current.configuration
      throw failed.error
    }
    pending ??= read()
    if (!current) return pending
    pending.catch(() => {})
    return current.configuration
  }
}

/** Reads and judges a provider's metadata. Signatures of ID tokens are verified, which the library does only when told. */
export async function discover(provider: IdentityProvider, timeoutSeconds: number): Promise<Configuration> {
  const { issuer, clientId, clientSecret } = provider
  const oidc = await import('openid-client')
  const server = new URL(issuer)
  // Configuration lets plain http pass for this machine alone, and not in production.
  const insecure = server.protocol === 'http:' ? [oidc.allowInsecureRequests] : []
  const authentication = clientSecret === null ? oidc.None() : bySecret(oidc, clientSecret)
  const configuration = await oidc.discovery(server, clientId, {}, authentication, {
    execute: [...insecure, oidc.enableNonRepudiationChecks],
    timeout: timeoutSeconds,
    [oidc.customFetch]: boundedFetch,
  })
  const metadata = configuration.serverMetadata()
  for (const name of ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const)
    if (!isUsable(metadata[name], insecure.length > 0)) throw new ProviderError('provider-error', `no_${name}`)
  return configuration
}

/** RFC 8414 2: `client_secret_basic` where a provider names no methods. */
function bySecret(oidc: typeof import('openid-client'), secret: string): import('openid-client').ClientAuth {
  const basic = oidc.ClientSecretBasic(secret)
  const post = oidc.ClientSecretPost(secret)
  return (server, ...rest) => {
    const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic']
    return (methods.includes('client_secret_basic') ? basic : post)(server, ...rest)
  }
}

function isUsable(url: unknown, insecure: boolean): boolean {
  if (typeof url !== 'string' || !URL.canParse(url)) return false
  const { protocol } = new URL(url)
  return protocol === 'https:' || (insecure && protocol === 'http:')
}
