import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Sql } from '../db/types.ts'
import type { Leases } from './leases.ts'
import type { SharedLimits } from './shared-limits.ts'

/** Dependencies of the services of quotas. */
export type QuotaDeps = {
  sql: Sql
  catalogue: { current: Catalogue }
  /** Units of monthly quotas that this instance may consume. */
  leases: Leases
  /** Limits that administrators set for owners of teams. */
  sharedLimits: SharedLimits
  /** The database's time in epoch milliseconds. */
  now: () => number
}
