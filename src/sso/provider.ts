import { createSemaphore } from '../async/semaphore.ts'
import { withTimeout } from '../async/timeout.ts'
import { AppError } from '../errors/app-error.ts'
import { type Claims, type Profile, toProfile } from './claims.ts'
import { createDiscovery } from './discovery.ts'
import { ProviderError, toProviderError } from './provider-error.ts'
import type { IdentityProvider } from './variables.ts'

/** Concurrent sign-ins that call one provider: Bun opens 256 connections in all, and a slow provider must leave some to others. */
const places = 32
const queueLimit = 128
/** The scopes that are requested: the least that give identity, address and name. */
const scope = 'openid email profile'

/** The values that bind one sign-in to its callback (RFC 7636, RFC 6749 10.12, OpenID Connect Core 3.1.2.1). */
export type Binding = { state: string; nonce: string; pkceVerifier: string }

type ProviderOptions = {
  /** `redirect_uri`: a path of its own for each provider, against mix-up attacks (RFC 9700 4.4.2). */
  redirectUri: string
  /** Bound of all requests to the provider in one call, together, in milliseconds. */
  timeoutMs: number
  now: () => number
}

export type Provider = ReturnType<typeof createProvider>

/** A client of one OpenID provider. Its methods throw ProviderError for every failure. */
export function createProvider(provider: IdentityProvider, { redirectUri, timeoutMs, now }: ProviderOptions) {
  const { id, displayName } = provider
  const discovered = createDiscovery(provider, { timeoutSeconds: timeoutMs / 2_000, now })
  const semaphore = createSemaphore({ places, queueLimit, accountLimit: queueLimit })

  /** Runs requests to the provider within the bounds of concurrency and time. */
  async function withinBounds<T>(work: () => Promise<T>): Promise<T> {
    const late = AbortSignal.timeout(timeoutMs)
    const onLate = () => {
      throw new ProviderError('provider-error', 'timeout')
    }
    try {
      return await withTimeout(semaphore.run(work, null, late), timeoutMs, onLate)
    } catch (error) {
      throw error instanceof AppError ? new ProviderError('provider-error', 'busy') : toProviderError(error)
    }
  }

  return {
    id,
    displayName,
    redirectUri,
    /** The URL of the provider's authorization endpoint, with PKCE S256. @throws ProviderError */
    authorizationUrl({ state, nonce, pkceVerifier }: Binding): Promise<string> {
      return withinBounds(async () => {
        const [oidc, configuration] = await Promise.all([import('openid-client'), discovered()])
        const url = oidc.buildAuthorizationUrl(configuration, {
          redirect_uri: redirectUri,
          scope,
          state,
          nonce,
          code_challenge: await oidc.calculatePKCECodeChallenge(pkceVerifier),
          code_challenge_method: 'S256',
        })
        return url.href
      })
    },
    /**
     * Verifies the callback: state, `iss` (RFC 9207), then redeems the code and verifies the ID token with its signature.
     * @param search the query string of the callback as it came
     * @throws ProviderError
     */
    redeem(search: string, { state, nonce, pkceVerifier }: Binding): Promise<Profile> {
      return withinBounds(async () => {
        const [oidc, configuration] = await Promise.all([import('openid-client'), discovered()])
        // From the configuration, never from the Host header: it differs behind a proxy, and the client controls it.
        const url = new URL(redirectUri)
        url.search = search
        const tokens = await oidc.authorizationCodeGrant(configuration, url, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: pkceVerifier,
          idTokenExpected: true,
        })
        const claims: Claims | undefined = tokens.claims()
        if (!claims) throw new ProviderError('provider-error', 'no_id_token')
        return toProfile(provider, await withUserInfo(claims, tokens.access_token))
      })

      /** Adds the claims of UserInfo where the ID token has no address (OpenID Connect Core 5.4). */
      async function withUserInfo(claims: Claims, accessToken: string): Promise<Claims> {
        const [oidc, configuration] = await Promise.all([import('openid-client'), discovered()])
        if (claims.email !== undefined || !configuration.serverMetadata().userinfo_endpoint) return claims
        // The library refuses an answer with another `sub` (OpenID Connect Core 5.3.2).
        return { ...(await oidc.fetchUserInfo(configuration, accessToken, String(claims.sub))), ...claims }
      }
    },
    stats: semaphore.stats,
  }
}
