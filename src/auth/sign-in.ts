import type { AuthMethod } from '../access/strength.ts'
import { account as accountEntity, type Origin, session as sessionEntity } from '../audit/actor.ts'
import type { AuditRow } from '../audit/record.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Fragment, Tx } from '../db/types.ts'
import { withRights } from './account.ts'
import type { AuthDeps } from './deps.ts'
import { insertSession } from './queries.ts'
import type { Reservation } from './reservation.ts'
import { mintSession, type SessionBody, toSessionBody } from './session-body.ts'
import { listSurplusSessions } from './session-queries.ts'

/** Live sessions that an account may have; the least recently used beyond it end. */
const maxSessions = 50

type SignIn = {
  /** Which way in this is, … */
  method: 'password' | 'registration' | 'invitation' | 'passkey' | 'identity' | 'second-factor'
  /** … and what was shown there; how much that is follows from it. */
  amr: readonly AuthMethod[]
  origin: Origin
  /**
   * Consumes the proof in the transaction that opens the session, and locks the account's row, which serialises it with
   * whatever ends sessions. False: the proof is no longer valid, and no session is opened.
   */
  prove: (tx: Tx) => Promise<boolean>
  /** The password's lockout counter, which is reset; the success is kept for the person. */
  reservation?: Reservation
  /** The person is told by mail where somebody signed in from. */
  isNewDevice?: boolean
  /** What else they are told of: CTEs of `noticePart`, each with a name of its own, once the proof is consumed. */
  notices?: (tx: Tx) => Fragment[]
  /** What else the audit row says. */
  details?: Record<string, unknown>
  /** The hashes of a new account's address, under which traces of an erased one may be kept. */
  addressHashes?: Buffer[]
}

/**
 * The last step of every way to sign in: opens the session, ends surplus sessions, writes the audit row, and answers tokens
 * with the rights of this moment. One statement beside those of `prove`.
 * @returns null when the proof was no longer valid
 */
export async function completeSignIn(deps: AuthDeps, accountId: string, signIn: SignIn): Promise<SessionBody | null> {
  const { refreshToken, session } = mintSession(deps, accountId, signIn)
  const audit = auditRow(deps, accountId, session.id, signIn)
  const account = await deps.sql.begin(async (tx) => {
    if (!(await signIn.prove(tx))) return null
    const { ip, userAgent } = signIn.origin
    const newDevice = () => deps.mail.noticePart(tx, [accountId, 'new-device', { ip, userAgent }])
    const notices = [...(signIn.isNewDevice ? [newDevice()] : []), ...(signIn.notices?.(tx) ?? [])]
    const opened = await insertSession(tx, accountId, session, { ...signIn, audit, notices })
    if (opened.liveSessions > maxSessions)
      for (const surplus of await listSurplusSessions(tx, accountId, maxSessions))
        await recordAuthzChange(tx, { accountId, endSession: surplus, reason: 'surplus' })
    // The answer is read before the commit, so that little work is left after it.
    return withRights(deps, tx, opened)
  })
  if (!account) return null
  const { amr, acr } = session
  return toSessionBody(deps, account, { sessionId: session.id, refreshToken, amr, acr, authTime: account.authTime })
}

/** A registration is one row: the account, with its first session. */
function auditRow(
  { audit }: AuthDeps,
  accountId: string,
  sessionId: string,
  { method, origin, details }: SignIn,
): AuditRow {
  const actor = { principal: { accountId }, origin }
  return method === 'registration'
    ? audit.row(actor, 'account.create', accountEntity(accountId), { details: { ...details, sessionId } })
    : audit.row(actor, 'session.create', sessionEntity(sessionId), { ...(details && { details }) })
}
