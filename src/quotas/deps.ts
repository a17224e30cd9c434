import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Sql } from '../db/types.ts'
import type { Leases } from './leases.ts'
import type { SharedLimits } from './shared-limits.ts'

/** What the services of quotas use. */
export type QuotaDeps = {
  sql: Sql
  catalogue: { current: Catalogue }
  /** Units of monthly quotas that this instance may consume. */
  leases: Leases
  /** The limits that administrators set for owners of teams. */
  sharedLimits: SharedLimits
  /** The database's time in epoch milliseconds. */
  now: () => number
}
