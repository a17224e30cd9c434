import type { Strength } from '../access/strength.ts'
import type { Origin } from '../audit/actor.ts'
import { type AuditRow, auditCtes } from '../audit/record.ts'
import type { Db, Fragment } from '../db/types.ts'
import { accountColumns, type StoredAccount } from './account.ts'
import { clearCte } from './lockout.ts'
import type { Reservation } from './reservation.ts'
import { newSessionEndsAt } from './session-lifetime.ts'
import { restoreTracesCtes } from './traces.ts'

export type NewSession = Pick<Strength, 'amr' | 'acr'> & {
  id: string
  tokenHash: Buffer
  ttlSeconds: number
  origin: Origin
}
type Opened = StoredAccount & { liveSessions: number; authTime: number }

type SessionWrites = {
  audit: AuditRow
  reservation?: Reservation
  addressHashes?: Buffer[]
  notices: Fragment[]
  isPipelined?: boolean
}

/** SQL: whether the statement of insertSession opened the session. */
export const isOpened = (sql: Db): Fragment => sql`exists (select from session)`

/**
 * Opens a session and reads the account as it is now. With a reservation, it resets the counter and stores the succeeded attempt;
 * with hashes of a new account's address, it takes over the traces that are stored under them.
 * @returns null where there is no such account or, with `isPipelined`, this transaction has not updated its row: nothing is written
 */
export async function insertSession(
  sql: Db,
  accountId: string,
  session: NewSession,
  { audit, reservation, addressHashes, notices, isPipelined }: SessionWrites,
): Promise<Opened | null> {
  const [row] = await sql<Opened[]>`
    with ${sessionCtes(sql, accountId, session, isPipelined ? isUpdatedHere(sql) : sql`true`)},
    ${reservation ? successCtes(sql, accountId, session, reservation) : sql``}
    ${addressHashes ? sql`${restoreTracesCtes(sql, accountId, addressHashes)},` : sql``}
    ${notices.reduce((all, notice) => sql`${all} ${notice},`, sql``)}
    ${auditCtes(sql, audit, isOpened(sql))}
    select ${sql.unsafe(accountColumns)}, session.auth_time,
           (select count(*)::int from sessions where account_id = ${accountId} and ended_at is null and expires_at > clock_timestamp()) + 1 as live_sessions
      from session join user_accounts a on a.id = session.account_id`
  return row ?? null
}

/** SQL: whether this transaction wrote this version of the row `a`; of one that began without BEGIN, no row is. */
const isUpdatedHere = (sql: Db): Fragment => sql`a.xmin = pg_current_xact_id()::xid`

function successCtes(sql: Db, accountId: string, { origin }: NewSession, reservation: Reservation) {
  return sql`
    attempt as (
      insert into login_attempts (id, account_id, outcome, ip_address)
      select ${reservation.attemptId}::uuid, ${accountId}::uuid, 'succeeded', ${origin.ip}::text where ${isOpened(sql)}),
    ${clearCte(sql, reservation, isOpened(sql))},`
}

function sessionCtes(
  sql: Db,
  accountId: string,
  { id, tokenHash, ttlSeconds, origin, amr, acr }: NewSession,
  condition: Fragment,
) {
  return sql`
    session as (
      insert into sessions (id, account_id, expires_at, ip_address, user_agent, amr, acr)
      select ${id}::uuid, a.id, ${sql.unsafe(newSessionEndsAt)}, ${origin.ip}::text, ${origin.userAgent}::text, ${amr}::text[], ${acr}::text
        from user_accounts a where a.id = ${accountId} and ${condition}
      returning id, account_id, floor(extract(epoch from created_at))::float8 as auth_time),
    token as (
      insert into tokens (session_id, token_hash, expires_at)
      select id, ${tokenHash}::bytea, clock_timestamp() + make_interval(secs => ${ttlSeconds}) from session)`
}
