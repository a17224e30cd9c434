import { type AuthMethod, assuranceOf } from '../access/strength.ts'
import type { Db, Tx } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import { withRights } from './account.ts'
import type { AuthDeps } from './deps.ts'
import { issueAccess } from './session-body.ts'
import { addStrength, findSessionAccount } from './session-queries.ts'

/** A session and its account. */
type OwnSession = { accountId: string; sessionId: string }

/**
 * Records a reauthentication in a session: `auth_time` becomes now by the database's clock, methods are added to `amr`, and `acr` rises
 * and never falls. The transaction has locked the account's row.
 * @throws AppError `session-revoked`
 */
export async function raiseSession(tx: Tx, session: OwnSession & { amr: readonly AuthMethod[] }): Promise<void> {
  if (!(await addStrength(tx, { ...session, acr: assuranceOf(session.amr) }))) throw new AppError('session-revoked')
}

/**
 * A new access token for a session with its current strength; the refresh token stays valid. `expiresIn` is in seconds.
 * @throws AppError `session-revoked`
 */
export async function signAgain(
  deps: AuthDeps,
  sql: Db,
  { accountId, sessionId }: OwnSession,
): Promise<{ accessToken: string; expiresIn: number }> {
  const found = await findSessionAccount(sql, accountId, sessionId)
  if (!found) throw new AppError('session-revoked')
  const { amr, acr, authTime } = found
  return issueAccess(deps, await withRights(deps, sql, found), { sessionId, amr, acr, authTime })
}
