import type { AccountDeps } from '../account/deps.ts'
import type { BillingDeps } from '../billing/deps.ts'
import type { Replica } from '../db/replica.ts'
import type { IdentityProviders } from '../sso/providers.ts'

/** Dependencies of the services of administration. */
export type AdminDeps = AccountDeps &
  BillingDeps & {
    replica: Replica | null
    identityProviders: IdentityProviders
    /** Counts denials by feature; `flush` writes what was counted. */
    denials: { flush: () => Promise<void> }
  }
