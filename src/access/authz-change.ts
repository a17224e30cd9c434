import type { Db } from '../db/types.ts'
import type { AccountStatus, Overrides } from './rights.ts'

/** A row of authz_changes: what happened to an account's authorisation, with its whole state after it. */
export type AuthzChange = {
  id: string
  at: Date
  accountId: string | null
  version: number | null
  kind: 'state' | 'session-ended' | 'sessions-ended' | 'catalogue'
  role: string | null
  privilegeLevel: number | null
  plan: string | null
  planExpiresAt: number | null
  overrides: Overrides | null
  status: AccountStatus | null
  sessionId: string | null
  exceptSessionId: string | null
  catalogueVersion: number | null
  /** The owner of the account's team, whose plan it is; null: its own. */
  payerId: string | null
}

/** The columns of an AuthzChange, of a row of `authz_changes` and of what the functions that write one return. */
export const authzChangeColumns = (
  sql: Db,
) => sql`id::text, at, account_id, version::int, kind, role, privilege_level, plan, pex::float8 as plan_expires_at, overrides, status,
  session_id, except_session_id, catalogue_version::int, payer_id`
