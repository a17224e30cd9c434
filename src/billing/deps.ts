import type { Notifier } from '../async/notifier.ts'
import type { Audit } from '../audit/record.ts'
import type { Logger } from '../log/logger.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { QuotaDeps } from '../quotas/deps.ts'
import type { Secrets } from '../secrets/secrets.ts'
import type { TeamConfig } from '../teams/variables.ts'
import type { BillingProvider } from './providers/provider.ts'
import type { Config as ReturnUrls } from './return-url.ts'
import type { BillingConfig } from './variables.ts'

/** Dependencies of the services of subscriptions. */
export type BillingDeps = QuotaDeps & {
  audit: Audit
  mail: Outbox
  /** Encrypts the URLs of payment pages. */
  secrets: Secrets
  log: Logger
  /** The configured payment providers, in order of preference. */
  providers: readonly BillingProvider[]
  /** Notified after work for a provider was stored: this instance's worker polls at once. */
  billingWork: Notifier
  config: BillingConfig & TeamConfig & ReturnUrls
}
