import type { Audit } from '../audit/record.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Sql } from '../db/types.ts'

/** Dependencies of an import. */
export type ImportDeps = {
  sql: Sql
  audit: Audit
  catalogue: { current: Catalogue }
  /**
   * HMACs of an address, under which trials and used quotas of an erased account are stored. New rows use the first.
   */
  traceKeys: (email: string) => [Buffer, ...Buffer[]]
}
