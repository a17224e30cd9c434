import type { AccessClaims } from '../access/claims.ts'
import { BoundedMap } from '../async/bounded-map.ts'
import { createAccessSigner } from '../crypto/access-signer.ts'
import { newTokenId } from '../crypto/hash.ts'
import { encodeJson, sign, toKey, verify } from '../crypto/jws.ts'
import type { AuthConfig } from './variables.ts'

/** The claims of a refresh token. It has no `kid` header: all configured secrets are tried. */
export type RefreshClaims = {
  iss: string
  aud: string
  sub: string
  sid: string
  jti: string
  iat: number
  exp: number
}

type TokenConfig = Pick<
  AuthConfig,
  'accessKeys' | 'jwtRefreshSecrets' | 'jwtIssuer' | 'jwtAudience' | 'accessTtlSeconds'
>

const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const maxAccessLifeSeconds = 900
/** Tokens of about 1.5 KB each. BoundedMap drops the older half at a time, so the last 20,000 that were used are always kept. */
const maxVerified = 40_000
const maxLists = 1_000
const leewaySeconds = 5

export type Tokens = ReturnType<typeof createTokens>

/**
 * Signs and verifies tokens: access tokens (RFC 9068) with the configured algorithm, refresh tokens with HS256, because only this
 * service reads them. The first key or secret signs, all verify.
 * @param now the database's time, in milliseconds
 */
export function createTokens(
  { accessKeys, jwtRefreshSecrets, jwtIssuer: issuer, jwtAudience: audience, accessTtlSeconds }: TokenConfig,
  now: () => number,
) {
  const access = createAccessSigner(accessKeys)
  const refreshKeys = jwtRefreshSecrets.map(toKey)
  const refreshKind = { typ: 'rt+jwt', header: encodeJson({ alg: 'HS256', typ: 'rt+jwt' }), keys: refreshKeys }

  function isOurs(claims: Record<string, unknown>): boolean {
    return (
      claims.iss === issuer &&
      (claims.aud === audience || (Array.isArray(claims.aud) && claims.aud.includes(audience))) &&
      typeof claims.sub === 'string' &&
      isUuid.test(claims.sub) &&
      typeof claims.sid === 'string' &&
      isUuid.test(claims.sid) &&
      typeof claims.jti === 'string' &&
      Number.isSafeInteger(claims.iat) &&
      Number.isSafeInteger(claims.exp)
    )
  }

  /**
   * Cache of tokens whose signature and claims were verified; times and revocation are checked at each use. Keyed by the end of
   * the token, part of its signature: hashing a whole token costs more than comparing it.
   */
  const verified = new BoundedMap<string, { token: string; claims: AccessClaims }>(maxVerified)

  /** Epoch milliseconds at which the cache drops its older half: an expired token is kept for at most twice a token's lifetime. */
  let agesAt = 0

  /** Lists of permissions and features, which many tokens share: each list is kept once. */
  const lists = new BoundedMap<string, string[]>(maxLists)

  function shared(list: string[]): string[] {
    const name = list.join(' ')
    const known = lists.get(name)
    if (!known) lists.set(name, list)
    return known ?? list
  }

  function recall(token: string): AccessClaims | undefined {
    const known = verified.get(endOf(token))
    return known?.token === token ? known.claims : undefined
  }

  function verifyOnce(token: string): AccessClaims | null {
    const claims = access.verify(token)
    if (!claims || !isOurs(claims) || !hasRights(claims)) return null
    if (now() >= agesAt) {
      verified.age()
      agesAt = now() + accessTtlSeconds * 1000
    }
    claims.perms = shared(claims.perms)
    claims.feats = shared(claims.feats)
    verified.set(endOf(token), { token, claims })
    return claims
  }

  return {
    signAccess(claims: Omit<AccessClaims, 'iss' | 'aud' | 'jti'>): string {
      return access.sign({ iss: issuer, aud: audience, jti: newTokenId(), ...claims })
    },

    /** The public keys of access tokens (RFC 7517 5); none under HS256, whose key is secret. */
    publicKeys: accessKeys.algorithm === 'HS256' ? [] : accessKeys.keys.map(({ publicJwk }) => publicJwk),

    /** The claims, or the problem's code. Times are compared with `now`, with 5 s of leeway for `nbf` and `iat`. */
    verifyAccess(token: string): AccessClaims | 'invalid-token' | 'token-expired' {
      const claims = recall(token) ?? verifyOnce(token)
      if (!claims) return 'invalid-token'
      const nowSeconds = now() / 1000
      // exp − iat is checked here too: a leaked secret must not make tokens for years (RFC 8725 3.8).
      if (claims.exp - claims.iat > maxAccessLifeSeconds || claims.exp <= claims.iat) return 'invalid-token'
      if (claims.iat > nowSeconds + leewaySeconds || claims.nbf > nowSeconds + leewaySeconds) return 'invalid-token'
      return claims.exp <= nowSeconds ? 'token-expired' : claims
    },

    /** The id of the secret that signs refresh tokens now. */
    refreshKeyId: refreshKeys[0]?.id ?? '',

    /** Signs a refresh token; the same claims and key give the same token, byte for byte. Null when the key is gone. */
    signRefresh(claims: Omit<RefreshClaims, 'iss' | 'aud'>, keyId: string): string | null {
      const key = refreshKeys.find((candidate) => candidate.id === keyId)
      return key ? sign(refreshKind, { iss: issuer, aud: audience, ...claims }, key) : null
    },

    /** The claims of a token that this service signed, or null. The database checks its expiry. */
    verifyRefresh(token: string): RefreshClaims | null {
      const claims = verify(refreshKind, token)
      return claims && isOurs(claims) && isRefresh(claims) ? claims : null
    },
  }
}

/** The last 43 characters: the signature of HS256, or half of a longer one. */
const endOf = (token: string): string => token.slice(-43)

function hasRights(claims: Record<string, unknown>): claims is AccessClaims & Record<string, unknown> {
  return (
    Number.isSafeInteger(claims.nbf) &&
    typeof claims.role === 'string' &&
    Number.isSafeInteger(claims.lvl) &&
    Array.isArray(claims.perms) &&
    typeof claims.plan === 'string' &&
    Number.isSafeInteger(claims.tier) &&
    Array.isArray(claims.feats) &&
    Number.isSafeInteger(claims.ver) &&
    Number.isSafeInteger(claims.cv) &&
    hasStrength(claims) &&
    (claims.pex === undefined || Number.isSafeInteger(claims.pex)) &&
    (claims.ovr === undefined || hasOverrides(claims.ovr))
  )
}

/** All three claims, or none: tokens of earlier versions of this service lack them. */
function hasStrength({ amr, acr, auth_time }: Record<string, unknown>): boolean {
  if (amr === undefined && acr === undefined && auth_time === undefined) return true
  return (
    Array.isArray(amr) &&
    amr.every((method) => typeof method === 'string') &&
    (acr === 'aal1' || acr === 'aal2') &&
    Number.isSafeInteger(auth_time)
  )
}

function isRefresh(claims: Record<string, unknown>): claims is RefreshClaims & Record<string, unknown> {
  return !('perms' in claims)
}

function hasOverrides(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((item) => typeof item === 'object' && item !== null)
  )
}
