import type { AccountDeps } from '../account/deps.ts'
import type { BillingDeps } from '../billing/deps.ts'
import type { Replica } from '../db/replica.ts'

/** What the services of administration use. */
export type AdminDeps = AccountDeps & BillingDeps & { replica: Replica | null }
