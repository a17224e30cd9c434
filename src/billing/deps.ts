import type { Bell } from '../async/bell.ts'
import type { Audit } from '../audit/record.ts'
import type { Logger } from '../log/logger.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { QuotaDeps } from '../quotas/deps.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { TeamConfig } from '../teams/variables.ts'
import type { BillingProvider } from './providers/provider.ts'
import type { Config as ReturnUrls } from './return-url.ts'
import type { BillingConfig } from './variables.ts'

/** What the services of subscriptions use. */
export type BillingDeps = QuotaDeps & {
  audit: Audit
  mail: Outbox
  /** Encrypts what must not be read in the tables. */
  secrets: Secrets
  log: Logger
  /** What people pay through, the first choice first. */
  providers: readonly BillingProvider[]
  /** Somebody wrote work for a provider into the tables: wakes the worker of this instance. */
  billingWork: Bell
  config: BillingConfig & TeamConfig & ReturnUrls
}
