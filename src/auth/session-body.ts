import type { Origin } from '../audit/actor.ts'
import { hashToken, newTokenId } from '../crypto/hash.ts'
import { type AccountWithRights, claimsOf, toUser } from './account.ts'
import type { AuthDeps } from './deps.ts'
import type { NewSession } from './queries.ts'

/** What registering, logging in and refreshing answer. Lives are in seconds. */
export type SessionBody = ReturnType<typeof toSessionBody>

/** The longest that a session lasts: 30 days; 12 hours at a privilege of 90 and more. */
const maxSessionSeconds = (privilegeLevel: number) => (privilegeLevel >= 90 ? 43_200 : 2_592_000)

type Issued = {
  sessionId: string
  refreshToken: string
  /** Default: of a session that begins now. */
  refreshExpiresIn?: number
}

export function toSessionBody(
  deps: AuthDeps,
  account: AccountWithRights,
  { sessionId, refreshToken, ...issued }: Issued,
) {
  const ttl = deps.config.accessTtlSeconds
  const claims = claimsOf(account, sessionId, nowSeconds(deps), ttl)
  return {
    user: toUser(account),
    accessToken: deps.tokens.signAccess(claims),
    refreshToken,
    // The session's id is the device's id: its lockout counter stays the same however often it refreshes.
    deviceToken: deps.deviceTokens.issue(account.id, account.passwordVersion, sessionId),
    tokenType: 'Bearer' as const,
    expiresIn: ttl,
    refreshExpiresIn:
      issued.refreshExpiresIn ??
      Math.min(deps.config.refreshTtlSeconds, maxSessionSeconds(account.rights.privilegeLevel)),
  }
}

/** A new session's id and first refresh token, and what the database keeps of them. */
export function mintSession(
  deps: AuthDeps,
  accountId: string,
  origin: Origin,
): { refreshToken: string; session: NewSession } {
  const id = Bun.randomUUIDv7()
  const { refreshToken, hash } = mintRefreshToken(deps, accountId, id)
  return { refreshToken, session: { id, tokenHash: hash, ttlSeconds: deps.config.refreshTtlSeconds, origin } }
}

/** A refresh token of the next generation, with what is needed to sign it once more. */
export function mintRefreshToken(deps: AuthDeps, accountId: string, sessionId: string) {
  const iat = nowSeconds(deps)
  const claims = { sub: accountId, sid: sessionId, jti: newTokenId(), iat, exp: iat + deps.config.refreshTtlSeconds }
  const keyId = deps.tokens.refreshKeyId
  const refreshToken = deps.tokens.signRefresh(claims, keyId)
  if (refreshToken === null) throw new Error('the first refresh secret always signs')
  return { refreshToken, hash: hashToken(refreshToken), jti: claims.jti, iat, exp: claims.exp, keyId }
}

function nowSeconds(deps: AuthDeps): number {
  return Math.floor(deps.now() / 1000)
}
