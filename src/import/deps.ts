import type { Audit } from '../audit/record.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Sql } from '../db/types.ts'

/** What an import uses. */
export type ImportDeps = {
  sql: Sql
  audit: Audit
  catalogue: { current: Catalogue }
  /** The HMACs under which an address's trials and used quotas outlive its erasure. */
  traceKeys: (email: string) => [Buffer, ...Buffer[]]
}
