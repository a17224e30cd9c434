import type { AccountDeps } from '../account/deps.ts'
import type { BillingDeps } from '../billing/deps.ts'
import type { Replica } from '../db/replica.ts'
import type { IdentityProviders } from '../sso/providers.ts'

/** What the services of administration use. */
export type AdminDeps = AccountDeps &
  BillingDeps & {
    replica: Replica | null
    identityProviders: IdentityProviders
    /** Counts which features plans lacked; writes what was counted until now. */
    denials: { flush: () => Promise<void> }
  }
