import type { Audit } from '../audit/record.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Sql } from '../db/types.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { MailConfig } from '../mail/variables.ts'

/** Dependencies of the services of teams. */
export type TeamDeps = {
  sql: Sql
  audit: Audit
  mail: Outbox
  config: Pick<MailConfig, 'appUrl'>
  /** The catalogue in memory; the feed keeps it current. */
  catalogue: { current: Catalogue }
}
