import { account as accountEntity, type Origin, session as sessionEntity } from '../audit/actor.ts'
import type { AuditRow } from '../audit/record.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Tx } from '../db/types.ts'
import { withRights } from './account.ts'
import type { AuthDeps } from './deps.ts'
import type { Reservation } from './lockout.ts'
import { insertSession } from './queries.ts'
import { mintSession, type SessionBody, toSessionBody } from './session-body.ts'
import { listSurplusSessions } from './session-queries.ts'

/** Live sessions an account may have; beyond it, those not used for longest end. */
const maxSessions = 50

type SignIn = {
  /** How the person showed who they are. */
  method: 'password' | 'registration'
  origin: Origin
  /**
   * Uses up what was shown, in the transaction that opens the session, and locks the account's row: whoever ends sessions
   * meanwhile comes before or after it. False: it is not good any more, and no session is opened.
   */
  prove: (tx: Tx) => Promise<boolean>
  /** The counter that judged a password: its failures are forgotten, and the success is kept for the person. */
  reservation?: Reservation
  /** The person is told by mail where somebody signed in from; a statement more. */
  isNewDevice?: boolean
  /** The hashes of a new account's address, under which an earlier one may have left what it used up. */
  addressHashes?: Buffer[]
}

/**
 * The single end of every way to sign in: opens the session, ends those beyond the most that an account may have, writes
 * the trail, and answers tokens with the rights of this moment. One statement beside those of `prove`.
 * @returns null when `prove` found that what was shown is not good any more
 */
export async function completeSignIn(deps: AuthDeps, accountId: string, signIn: SignIn): Promise<SessionBody | null> {
  const { refreshToken, session } = mintSession(deps, accountId, signIn.origin)
  const audit = auditRow(deps, accountId, session.id, signIn)
  const account = await deps.sql.begin(async (tx) => {
    if (!(await signIn.prove(tx))) return null
    const opened = await insertSession(tx, accountId, session, { ...signIn, audit })
    if (opened.liveSessions > maxSessions)
      for (const surplus of await listSurplusSessions(tx, accountId, maxSessions))
        await recordAuthzChange(tx, { accountId, endSession: surplus, reason: 'surplus' })
    const { ip, userAgent } = signIn.origin
    if (signIn.isNewDevice) await deps.mail.notify(tx, accountId, 'new-device', { ip, userAgent })
    // What the answer shows is read before the commit: little time is left in which the client may leave.
    return withRights(deps, tx, opened)
  })
  if (!account) return null
  return toSessionBody(deps, account, { sessionId: session.id, refreshToken })
}

/** A registration is one row: the account, with its first session. */
function auditRow({ audit }: AuthDeps, accountId: string, sessionId: string, { method, origin }: SignIn): AuditRow {
  const actor = { principal: { accountId }, origin }
  return method === 'registration'
    ? audit.row(actor, 'account.create', accountEntity(accountId), { details: { sessionId } })
    : audit.row(actor, 'session.create', sessionEntity(sessionId))
}
