import type { Audit } from '../audit/record.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Sql } from '../db/types.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { ApiKeys } from './verifier.ts'

/** Dependencies of the services of API keys. */
export type ApiKeyDeps = {
  sql: Sql
  audit: Audit
  mail: Outbox
  catalogue: { current: Catalogue }
  apiKeys: Pick<ApiKeys, 'flush'>
  /** The database's time in epoch milliseconds. */
  now: () => number
}
