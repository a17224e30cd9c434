import type { Notifier } from '../async/notifier.ts'
import type { Audit } from '../audit/record.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Sql } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { WebhookConfig } from './variables.ts'

/** Dependencies of the services of webhooks. */
export type WebhookDeps = {
  sql: Sql
  log: Logger
  audit: Audit
  mail: Outbox
  secrets: Secrets
  catalogue: { current: Catalogue }
  webhookWork: Notifier
  config: WebhookConfig
  /** The database's time in epoch milliseconds. */
  now: () => number
}
