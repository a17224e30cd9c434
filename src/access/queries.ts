import type { Db } from '../db.ts'
import type { AuthzChange } from './overlay.ts'
import type { Overrides } from './rights.ts'

const columns = (sql: Db) => sql`id::text, at, account_id, version::int, kind, role, privilege_level, plan, pex::float8, overrides, status,
  session_id, except_session_id, catalogue_version::int`

/** Moves the account's version, ends the sessions concerned and writes the change with the account's whole state. */
export async function insertAuthzChange(
  sql: Db,
  change: { accountId: string; kind: string; sessionId: string | null; exceptSessionId: string | null; reason: string | null },
): Promise<AuthzChange> {
  const [row] = await sql<AuthzChange[]>`
    select ${columns(sql)} from record_authz_change(${change.accountId}, ${change.kind}, ${change.sessionId}, ${change.exceptSessionId}, ${change.reason})`
  if (!row) throw new Error(`no account ${change.accountId} to record a change of`)
  return row
}

/** The changes that tokens still alive may predate, oldest first. */
export async function listRecentAuthzChanges(sql: Db, lifeSeconds: number): Promise<AuthzChange[]> {
  return sql<AuthzChange[]>`
    select ${columns(sql)} from authz_changes
     where at > clock_timestamp() - make_interval(secs => ${lifeSeconds}) order by authz_changes.id`
}

export type AuthzRow = { status: 'active' | 'locked' | 'deleted'; role: string; plan: string; pex: number | null; overrides: Overrides }

/** An account's authorisation state as stored. */
export async function findAuthz(sql: Db, accountId: string): Promise<AuthzRow | null> {
  const [row] = await sql<AuthzRow[]>`
    select status, role, coalesce(plan, 'free') as plan, pex::float8, overrides from account_authz where id = ${accountId}`
  return row ?? null
}
