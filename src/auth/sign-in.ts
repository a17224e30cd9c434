import type { AuthMethod } from '../access/strength.ts'
import { account as accountEntity, type Origin, session as sessionEntity } from '../audit/actor.ts'
import type { AuditRow } from '../audit/record.ts'
import { recordAuthzChange } from '../changes/record.ts'
import type { Fragment, Tx } from '../db/types.ts'
import { withRights } from './account.ts'
import type { AuthDeps } from './deps.ts'
import type { Reservation } from './reservation.ts'
import { mintSession, type SessionBody, toSessionBody } from './session-body.ts'
import { listSurplusSessions } from './session-queries.ts'
import { insertSession, isOpened } from './sign-in-queries.ts'

/** Live sessions that an account may have; more end the least recently used ones. */
const maxSessions = 50

type SignIn = {
  /** The way to sign in. */
  method: 'password' | 'registration' | 'invitation' | 'passkey' | 'identity' | 'second-factor'
  /** The authentication methods that were used (RFC 8176); `acr` follows from them. */
  amr: readonly AuthMethod[]
  origin: Origin
  /**
   * Consumes the proof in the transaction that opens the session, and locks the account's row, which serialises this with everything
   * that ends sessions. False: the proof is no longer valid, and no session is opened.
   */
  prove: (tx: Tx) => Promise<boolean>
  /**
   * For a `prove` of one statement, which updates the account's row and whose result nothing else here needs: it is sent together with
   * the statement that opens the session, so that the database is waited for once. The second opens none unless the first updated the row.
   */
  isPipelined?: boolean
  /** The password's reserved attempt: its counter is reset, and a succeeded attempt is stored. */
  reservation?: Reservation
  /** Notifies the person by mail, with the address and user agent. */
  isNewDevice?: boolean
  /** Further notices, called after `prove`: CTEs of `noticePart`, each with a name of its own. */
  notices?: (tx: Tx) => Fragment[]
  /** Further details of the audit row. */
  details?: Record<string, unknown>
  /** The hashes of a new account's address, under which traces of an erased one may be kept. */
  addressHashes?: Buffer[]
}

/**
 * The last step of every way to sign in: opens the session, ends surplus sessions, writes the audit row, and returns tokens
 * with the account's current rights. One statement beside those of `prove`.
 * @returns null when the proof was no longer valid
 */
export async function completeSignIn(deps: AuthDeps, accountId: string, signIn: SignIn): Promise<SessionBody | null> {
  const { refreshToken, session } = mintSession(deps, accountId, signIn)
  const audit = auditRow(deps, accountId, session.id, signIn)
  const account = await deps.sql.begin(async (tx) => {
    const proof = signIn.prove(tx)
    if (!signIn.isPipelined && !(await proof)) return null
    const { ip, userAgent } = signIn.origin
    const newDevice = () => deps.mail.noticePart(tx, [accountId, 'new-device', { ip, userAgent }], isOpened(tx))
    const notices = [...(signIn.isNewDevice ? [newDevice()] : []), ...(signIn.notices?.(tx) ?? [])]
    const opening = insertSession(tx, accountId, session, { ...signIn, audit, notices })
    const [isProved, opened] = await Promise.all([proof, opening])
    if (!isProved || !opened) return null
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
