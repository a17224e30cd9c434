import { anonymous, type Origin, session } from '../audit/actor.ts'
import { recordAuthzChange } from '../changes/record.ts'
import { hashToken } from '../crypto/hash.ts'
import { AppError } from '../errors/app-error.ts'
import { withRights } from './account.ts'
import type { AuthDeps } from './deps.ts'
import { mintRefreshToken, type SessionBody, toSessionBody } from './session-body.ts'
import { isLiveSession, lockAccount, rotateToken } from './session-queries.ts'
import type { RefreshClaims } from './tokens.ts'

/**
 * Exchanges a refresh token for a new pair. The token just replaced is honoured for 10 s while its successor is unused,
 * and gets that same successor: answers get lost, and two tabs may refresh at once.
 * @throws AppError `invalid-refresh-token`, or `refresh-token-reused` once the session's end is committed (RFC 9700 4.14.2)
 */
export async function refresh(deps: AuthDeps, origin: Origin, refreshToken: string): Promise<SessionBody> {
  const claims = deps.tokens.verifyRefresh(refreshToken)
  if (!claims) throw new AppError('invalid-refresh-token')
  const { refreshToken: fresh, hash: successorHash, ...successor } = mintRefreshToken(deps, claims.sub, claims.sid)
  const outcome = await rotateToken(deps.sql, {
    sessionId: claims.sid,
    accountId: claims.sub,
    hash: hashToken(refreshToken),
    expiresAt: claims.exp,
    successorHash,
    ...successor,
    ttlSeconds: deps.config.refreshTtlSeconds,
    ip: origin.ip,
    userAgent: origin.userAgent,
  })
  if (!outcome) throw new AppError('invalid-refresh-token')
  if (!outcome.rotated && !outcome.repeated) {
    if (!outcome.expired) await revokeReused(deps, origin, claims)
    throw new AppError(outcome.expired ? 'invalid-refresh-token' : 'refresh-token-reused')
  }
  const issued = outcome.rotated ? fresh : signSuccessorAgain(deps, claims, outcome)
  return toSessionBody(deps, await withRights(deps, deps.sql, outcome), {
    sessionId: claims.sid,
    refreshToken: issued,
    refreshExpiresIn: outcome.refreshExpiresIn,
    amr: outcome.amr,
    acr: outcome.acr,
    authTime: outcome.authTime,
  })
}

/** Signs the same successor again, byte for byte, from its claims, which are kept for 10 s. */
function signSuccessorAgain(
  deps: AuthDeps,
  { sub, sid }: RefreshClaims,
  kept: { jti: string | null; iat: number | null; exp: number | null; keyId: string | null },
): string {
  const { jti, iat, exp, keyId } = kept
  const token =
    jti !== null && iat !== null && exp !== null && keyId !== null
      ? deps.tokens.signRefresh({ sub, sid, jti, iat, exp }, keyId)
      : null
  if (token === null) throw new AppError('invalid-refresh-token')
  return token
}

/** Commits before the answer, and even if the client has disconnected: the stolen copy must stop working. */
async function revokeReused(deps: AuthDeps, origin: Origin, { sub, sid }: RefreshClaims): Promise<void> {
  await deps.sql.begin(
    async (tx) => {
      await lockAccount(tx, sub)
      if (!(await isLiveSession(tx, sub, sid))) return
      await recordAuthzChange(tx, { accountId: sub, endSession: sid, reason: 'reuse' })
      await deps.audit.record(tx, anonymous(origin), 'session.reuse_detected', session(sid), {
        subjectId: sub,
        details: { accountId: sub },
      })
      const { ip, userAgent } = origin
      await deps.mail.notify(tx, sub, 'refresh-token-reused', { ip, userAgent })
    },
    { evenIfAbandoned: true },
  )
  deps.log.warn(
    { requestId: origin.requestId, accountId: sub, sessionId: sid },
    'a replaced refresh token was presented: session revoked',
  )
}
