import type { Configuration } from 'openid-client'
import { boundedFetch } from './egress.ts'
import { ProviderError, toProviderError } from './provider-error.ts'
import type { IdentityProvider } from './variables.ts'

/** Older metadata is read again in the background. */
const freshMs = 3_600_000
/** Pause after a failed read; the longer one while earlier metadata can be used. */
const retryMs = 1_000
const quietRetryMs = 60_000

type Options = {
  /** Timeout of one request to the provider, in seconds. */
  timeoutSeconds: number
  /** In milliseconds; only differences are used. */
  now: () => number
}

/**
 * Reads and caches a provider's metadata (OpenID Connect Discovery 4); concurrent calls share one request.
 * @returns a function that returns the configuration, or throws ProviderError where none was read yet and the provider does not answer
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

/** Reads and checks a provider's metadata. The configuration verifies signatures of ID tokens, which is off by default in the library. */
export async function discover(provider: IdentityProvider, timeoutSeconds: number): Promise<Configuration> {
  const { issuer, clientId, clientSecret } = provider
  const oidc = await import('openid-client')
  const server = new URL(issuer)
  // The configuration allows plain http only for loopback addresses, and not in production.
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

/** The client's authentication: `client_secret_basic` where the provider supports it or names no methods (RFC 8414 2). */
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
