import type { Audit } from '../audit/record.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { QuotaDeps } from '../quotas/deps.ts'

/** What the services of subscriptions use. */
export type BillingDeps = QuotaDeps & { audit: Audit; mail: Outbox }
