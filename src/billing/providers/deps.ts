import type { Sql } from '../../db/types.ts'
import type { RazorpayConfig } from './razorpay/variables.ts'
import type { StripeConfig } from './stripe/variables.ts'

/** What the providers are opened with. */
export type ProviderDeps = {
  sql: Sql
  /** The database's time in epoch milliseconds. */
  now: () => number
  /** How a pretend provider's own messages come in. */
  deliver: (provider: string, body: Uint8Array, headers: Headers) => Promise<unknown>
  config: {
    billingProviders: readonly string[]
    publicUrl: string
    auditKeys: readonly [string, ...string[]]
  } & StripeConfig &
    RazorpayConfig
}
