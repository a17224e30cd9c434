import { createSemaphore } from '../async/semaphore.ts'
import { withTimeout } from '../async/timeout.ts'
import { AppError } from '../errors/app-error.ts'
import { type Claims, type Profile, toProfile } from './claims.ts'
import { createDiscovery } from './discovery.ts'
import { ProviderError, toProviderError } from './provider-error.ts'
import type { IdentityProvider } from './variables.ts'

/** Conversations with one provider at a time: Bun opens 256 connections in all, and one that is slow must leave some. */
const places = 32
const queueLimit = 128
/** What is asked of every provider; the rest of its scopes is not ours to read. */
const scope = 'openid email profile'

/** What one sign-in is bound to at the provider (RFC 7636, RFC 6749 10.12, OpenID Connect Core 3.1.2.1). */
export type Binding = { state: string; nonce: string; pkceVerifier: string }

export type ProviderOptions = {
  /** Where the provider sends people back to: its own path for each, so that none can pass for another (RFC 9700 4.4.2). */
  redirectUri: string
  /** The most that all requests of one sign-in may take together, in milliseconds. */
  timeoutMs: number
  now: () => number
}

export type Provider = ReturnType<typeof createProvider>

/** One provider: where to send people, and what their return means. Everything else about it throws ProviderError. */
export function createProvider(provider: IdentityProvider, { redirectUri, timeoutMs, now }: ProviderOptions) {
  const { id, displayName } = provider
  const discovered = createDiscovery(provider, { timeoutSeconds: timeoutMs / 2_000, now })
  const semaphore = createSemaphore({ places, queueLimit, accountLimit: queueLimit })

  /** Runs a conversation in its turn and within the bound, whatever the provider does. */
  async function converse<T>(talk: () => Promise<T>): Promise<T> {
    const late = AbortSignal.timeout(timeoutMs)
    const onLate = () => {
      throw new ProviderError('provider-error', 'timeout')
    }
    try {
      return await withTimeout(semaphore.run(talk, null, late), timeoutMs, onLate)
    } catch (error) {
      throw error instanceof AppError ? new ProviderError('provider-error', 'busy') : toProviderError(error)
    }
  }

  return {
    id,
    displayName,
    redirectUri,
    /** Where to send a person who wants to sign in there. */
    authorizationUrl({ state, nonce, pkceVerifier }: Binding): Promise<string> {
      return converse(async () => {
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
     * Judges what a person came back with, and who they are: state, `iss` (RFC 9207), code, ID token with its signature.
     * @param search the query of the callback as it came
     * @throws ProviderError
     */
    redeem(search: string, { state, nonce, pkceVerifier }: Binding): Promise<Profile> {
      return converse(async () => {
        const [oidc, configuration] = await Promise.all([import('openid-client'), discovered()])
        // Never from the request's own host: behind a proxy that is another, and a client could choose it.
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

      /** Many providers say the address in UserInfo alone (OpenID Connect Core 5.4). */
      async function withUserInfo(claims: Claims, accessToken: string): Promise<Claims> {
        const [oidc, configuration] = await Promise.all([import('openid-client'), discovered()])
        if (claims.email !== undefined || !configuration.serverMetadata().userinfo_endpoint) return claims
        // Refused unless it is about the same subject.
        return { ...(await oidc.fetchUserInfo(configuration, accessToken, String(claims.sub))), ...claims }
      }
    },
    stats: semaphore.stats,
  }
}
