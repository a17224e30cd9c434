import { account, anonymous, type Origin } from '../audit/actor.ts'
import type { AuthDeps } from './deps.ts'
import { insertFailedAttempt } from './queries.ts'
import { type Counter, countsCodes, type Reservation } from './reservation.ts'

const messages: Record<Counter, string> = {
  email: 'log-in failed',
  device: 'log-in failed',
  password: 'password check failed',
  code: 'code check failed',
  'code-device': 'code check failed',
}

/**
 * Records a wrong password or code: counts it, stores it as a failed attempt and logs it. Where it starts a lockout,
 * the same statement writes the audit row and queues the mail to the person.
 * @param accountId the account whose password or code was tried; null where no account has the address
 */
export async function recordFailedCheck(
  deps: AuthDeps,
  origin: Origin,
  reservation: Reservation,
  accountId: string | null,
): Promise<void> {
  const { counter } = reservation
  const audit = deps.audit.row(anonymous(origin), 'lockout.start', account(accountId), { details: { counter } })
  const isStarted = deps.sql`(select started from failed)`
  const kind = countsCodes(counter) ? 'code-lockout' : 'lockout'
  const notice =
    accountId === null ? null : deps.mail.noticePart(deps.sql, [accountId, kind, { ip: origin.ip }], isStarted)
  const attempt = { reservation, accountId, origin, audit, notice }
  const { started, failuresInARow } = await insertFailedAttempt(deps.sql, attempt)
  const network = deps.networkHash(origin.ip)
  const entry = {
    requestId: origin.requestId,
    accountId,
    counter,
    failuresInARow,
    code: countsCodes(counter) ? 'invalid-code' : 'invalid-credentials',
    network,
  }
  deps.log.info({ ...entry, lockoutStarted: started }, messages[counter])
  if (!started) return
  deps.traffic.countLockout(counter)
  deps.log.warn(entry, 'lockout started')
}
