import type { Sql } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'
import type { Audit } from './record.ts'

/** Dependencies of sealing and verifying the trail. */
export type AuditDeps = {
  sql: Sql
  audit: Audit
  log: Pick<Logger, 'logAlways'>
  /** The database's time in epoch milliseconds. */
  now: () => number
}
