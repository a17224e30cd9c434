import type { Actor } from '../access/actor.ts'
import type { Principal } from '../access/principal.ts'
import { requireOwnFactor } from '../access/strength.ts'
import { endApiKeys } from '../api-keys/verifier.ts'
import { account, session } from '../audit/actor.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import type { AuthDeps } from './deps.ts'
import type { SecondFactorKind } from './first-factor.ts'
import { findSignIn, isLiveSession, listSessions, lockAccount, type SessionItem } from './session-queries.ts'

/** The id of the request's session. @throws AppError `api-key-not-allowed` for a request with an API key */
export function sessionOf({ sessionId }: Principal): string {
  if (sessionId === null) throw new AppError('api-key-not-allowed')
  return sessionId
}

/**
 * Checks again, under a lock on the account's row, that the person is still signed in: a log-out, a lock or a new password may have
 * been committed since the request began.
 * @param passwordVersion of the password that was given with the request, where one was
 * @returns the second factors that the account has
 * @throws AppError `account-disabled`, `session-revoked`, `invalid-credentials`
 */
export async function requireStillSignedIn(
  tx: Tx,
  principal: Principal,
  passwordVersion?: number,
): Promise<readonly SecondFactorKind[]> {
  await lockAccount(tx, principal.accountId)
  const signIn = await findSignIn(tx, principal.accountId, sessionOf(principal))
  if (!signIn?.active) throw new AppError('account-disabled')
  if (!signIn.live) throw new AppError('session-revoked')
  if (passwordVersion !== undefined && signIn.passwordVersion !== passwordVersion)
    throw new AppError('invalid-credentials')
  return signIn.secondFactors
}

/**
 * requireStillSignedIn for changes of sign-in methods and of the address: where the account has a second factor, the session must have
 * used one. @throws AppError as requireStillSignedIn; `mfa-required`
 */
export async function requireStrongSignIn(
  tx: Tx,
  principal: Principal,
  passwordVersion?: number,
): Promise<readonly SecondFactorKind[]> {
  const secondFactors = await requireStillSignedIn(tx, principal, passwordVersion)
  requireOwnFactor(principal, secondFactors)
  return secondFactors
}

/** The person's live sessions, newest first. */
export function listOwnSessions(
  deps: Pick<AuthDeps, 'sql'>,
  principal: Pick<Principal, 'accountId' | 'sessionId'>,
  { limit, after }: Slice<string>,
): Promise<SessionItem[]> {
  return listSessions(deps.sql, principal.accountId, principal.sessionId, limit, after)
}

/**
 * Ends one of the person's own sessions; its access token is refused from the next request on.
 * @throws AppError `not-found` when it is not theirs or has ended, `session-revoked` when it is the request's own and has ended
 */
export async function endSession(
  deps: AuthDeps,
  actor: Actor,
  sessionId: string,
  reason: 'logout' | 'ended',
): Promise<void> {
  const { accountId } = actor.principal
  await deps.sql.begin(async (tx) => {
    await lockAccount(tx, accountId)
    if (!(await endLiveSession(tx, deps, actor, { accountId, sessionId, reason })))
      throw new AppError(reason === 'logout' ? 'session-revoked' : 'not-found')
  })
}

type Ended = { accountId: string; sessionId: string; reason: 'logout' | 'ended' | 'revoked' }

/**
 * Ends a session of an account, in a transaction that locked its row.
 * @returns false, with nothing changed, when it is not that account's or has ended
 */
export async function endLiveSession(
  tx: Tx,
  { audit }: Pick<AuthDeps, 'audit'>,
  actor: Actor,
  { accountId, sessionId, reason }: Ended,
): Promise<boolean> {
  if (!(await isLiveSession(tx, accountId, sessionId))) return false
  await recordAuthzChange(tx, { accountId, endSession: sessionId, reason })
  await audit.record(tx, actor, 'session.end', session(sessionId), { subjectId: accountId, details: { reason } })
  return true
}

/**
 * Ends every session and every API key of the person (docs/decisions/logging-out-everywhere-ends-keys.md).
 * @throws AppError as requireStillSignedIn
 */
export async function endAllSessions(deps: AuthDeps, actor: Actor): Promise<void> {
  const { accountId } = actor.principal
  await deps.sql.begin(async (tx) => {
    await requireStillSignedIn(tx, actor.principal)
    const apiKeysEnded = await endApiKeys(tx, accountId)
    await recordAuthzChange(tx, { accountId, endSessions: 'all', reason: 'logout-all' })
    await deps.audit.record(tx, actor, 'session.end_all', account(accountId), { details: { apiKeysEnded } })
  })
}
