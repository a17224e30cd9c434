import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Sql } from '../db/types.ts'
import type { Leases } from './leases.ts'

/** What the services of quotas use. */
export type QuotaDeps = {
  sql: Sql
  catalogue: { current: Catalogue }
  /** Units of monthly quotas that this instance may consume. */
  leases: Leases
  /** The database's time in epoch milliseconds. */
  now: () => number
}
