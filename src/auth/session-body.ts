import { type AuthMethod, assuranceOf } from '../access/strength.ts'
import type { Origin } from '../audit/actor.ts'
import { hashToken, newTokenId } from '../crypto/hash.ts'
import { type AccountWithRights, claimsOf, type TokenSession, toUser } from './account.ts'
import type { AuthDeps } from './deps.ts'
import { maxIdleSeconds } from './session-lifetime.ts'
import type { NewSession } from './sign-in-queries.ts'

/** The answer of registering, logging in and refreshing. `expiresIn` and `refreshExpiresIn` are in seconds. */
export type SessionBody = ReturnType<typeof toSessionBody>

type Issued = TokenSession & {
  refreshToken: string
  /** In seconds. Default: the lifetime of a session that begins now. */
  refreshExpiresIn?: number
}

/** The answer to a sign-in or refresh: the account, a new access token and the refresh token. */
export function toSessionBody(
  deps: AuthDeps,
  account: AccountWithRights,
  { refreshToken, refreshExpiresIn, ...session }: Issued,
) {
  const { accessToken, expiresIn } = issueAccess(deps, account, session)
  return {
    user: toUser(account),
    accessToken,
    refreshToken,
    // The session's id is the device's id, so the lockout counter stays the same across refreshes.
    deviceToken: deps.deviceTokens.issue(account.id, account.passwordVersion, session.sessionId),
    tokenType: 'Bearer' as const,
    expiresIn,
    refreshExpiresIn:
      refreshExpiresIn ?? Math.min(deps.config.refreshTtlSeconds, maxIdleSeconds(account.rights.privilegeLevel)),
  }
}

/** An access token of a session. `expiresIn` is in seconds. */
export function issueAccess(
  deps: AuthDeps,
  account: AccountWithRights,
  session: TokenSession,
): { accessToken: string; expiresIn: number } {
  const expiresIn = deps.config.accessTtlSeconds
  return { accessToken: deps.tokens.signAccess(claimsOf(account, session, nowSeconds(deps), expiresIn)), expiresIn }
}

/** A new session with its first refresh token, and the row that the database keeps: a hash of the token. */
export function mintSession(
  deps: AuthDeps,
  accountId: string,
  { origin, amr }: { origin: Origin; amr: readonly AuthMethod[] },
): { refreshToken: string; session: NewSession } {
  const id = Bun.randomUUIDv7()
  const { refreshToken, hash } = mintRefreshToken(deps, accountId, id)
  const ttlSeconds = deps.config.refreshTtlSeconds
  return { refreshToken, session: { id, tokenHash: hash, ttlSeconds, origin, amr, acr: assuranceOf(amr) } }
}

/** A new refresh token, with the claims and the key id that are needed to sign it again. */
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
