import type { Sql } from '../../db/types.ts'
import type { RazorpayConfig } from './razorpay/variables.ts'
import type { StripeConfig } from './stripe/variables.ts'

/** What providers are created with. */
export type ProviderDeps = {
  sql: Sql
  /** The database's time in epoch milliseconds. */
  now: () => number
  /** Delivers the sandbox's webhooks to this service. */
  deliver: (provider: string, body: Uint8Array, headers: Headers) => Promise<unknown>
  config: {
    billingProviders: readonly string[]
    publicUrl: string
    auditKeys: readonly [string, ...string[]]
  } & StripeConfig &
    RazorpayConfig
}
