import type { Db } from '../db.ts'
import type { AuthzChange } from './overlay.ts'
import type { Overrides } from './rights.ts'

const columns = (
  sql: Db,
) => sql`id::text, at, account_id, version::int, kind, role, privilege_level, plan, pex::float8, overrides, status,
  session_id, except_session_id, catalogue_version::int`

/** Moves the account's version, ends the sessions concerned and writes the change with the account's whole state. */
export async function insertAuthzChange(
  sql: Db,
  change: {
    accountId: string
    kind: string
    sessionId: string | null
    exceptSessionId: string | null
    reason: string | null
  },
): Promise<AuthzChange> {
  const [row] = await sql<AuthzChange[]>`
    select ${columns(sql)} from record_authz_change(${change.accountId}, ${change.kind}, ${change.sessionId}, ${change.exceptSessionId}, ${change.reason})`
  if (!row) throw new Error(`no account ${change.accountId} to record a change of`)
  return row
}

type Read = { changes: AuthzChange[]; xmin: string }

/** The changes that tokens still alive may predate, oldest first, and the horizon of the snapshot that saw them. */
export async function listRecentAuthzChanges(sql: Db, lifeSeconds: number): Promise<Read> {
  return readChanges(
    await sql<Row[]>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as xmin, ${columns(sql)}
      from (select 1) one left join authz_changes on at > clock_timestamp() - make_interval(secs => ${lifeSeconds}) order by authz_changes.id`,
  )
}

/** Every change of a transaction that a snapshot with this horizon may not have seen. */
export async function listChangesSince(sql: Db, xmin: string): Promise<Read> {
  return readChanges(
    await sql<Row[]>`
    select pg_snapshot_xmin(pg_current_snapshot())::text as xmin, ${columns(sql)}
      from (select 1) one left join authz_changes on xid >= ${xmin}::xid8 order by authz_changes.id`,
  )
}

type Row = AuthzChange & { xmin: string }

/** The horizon comes with every row, and alone when nothing changed. */
function readChanges(rows: Row[]): Read {
  return {
    xmin: rows[0]?.xmin ?? '0',
    changes: rows.filter(({ id }) => id !== null).map(({ xmin: _, ...change }) => change),
  }
}

export type AuthzRow = {
  status: 'active' | 'locked' | 'deleted'
  role: string
  plan: string
  pex: number | null
  overrides: Overrides
}

/** An account's authorisation state as stored. */
export async function findAuthz(sql: Db, accountId: string): Promise<AuthzRow | null> {
  const [row] = await sql<AuthzRow[]>`
    select status, role, coalesce(plan, 'free') as plan, pex::float8, overrides from account_authz where id = ${accountId}`
  return row ?? null
}
