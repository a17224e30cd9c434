import type { UsageCounter } from './account/usage.ts'
import type { DenialCounter } from './admin/analytics/denials.ts'
import type { ApiKeys } from './api-keys/verifier.ts'
import type { Notifier } from './async/notifier.ts'
import type { Audit } from './audit/record.ts'
import type { SecondFactor } from './auth/deps.ts'
import type { DeviceTokens } from './auth/device-tokens.ts'
import type { PasswordHasher } from './auth/passwords.ts'
import type { Tokens } from './auth/tokens.ts'
import type { BillingProvider } from './billing/providers/provider.ts'
import type { Catalogue } from './catalogue/catalogue.ts'
import type { Feed } from './changes/feed.ts'
import type { RecentChanges } from './changes/recent-changes.ts'
import type { Database } from './db/database.ts'
import type { Job } from './db/job.ts'
import type { Replica } from './db/replica.ts'
import type { Sql, Tx } from './db/types.ts'
import type { OpenStreams } from './http/output/open-streams.ts'
import type { JobRunner } from './jobs/on-demand.ts'
import type { Logger } from './log/logger.ts'
import type { Outbox } from './mail/outbox.ts'
import type { Metric } from './metrics/metric.ts'
import type { Passkeys } from './passkeys/deps.ts'
import type { Leases } from './quotas/leases.ts'
import type { SharedLimits } from './quotas/shared-limits.ts'
import type { Limits } from './rate-limits/limiters.ts'
import type { RateLimitResult } from './rate-limits/result.ts'
import type { Redis } from './redis/connection.ts'
import type { Config } from './room-config.ts'
import type { Secrets } from './secrets/secrets.ts'
import type { IdentityProviders } from './sso/providers.ts'
import type { Traffic } from './telemetry/traffic.ts'
import type { Tracer } from './tracing/tracer.ts'
import type { Figures } from './webhooks/figures.ts'

declare module './http/request.ts' {
  // What handlers find in `c.get('deps')`.
  interface Services extends AppDeps {}
}

/** All that is open in an instance. A room's own `deps.ts` says what of it its services use. */
export type AppDeps = {
  config: Config
  /** This instance, among those that serve on the database. */
  instance: { id: string }
  log: Logger
  db: Database
  sql: Sql
  /** Whether this program serves on the schema: known from the start on, until the database restarts or is another one. */
  schema: { isServed: boolean }
  /** For `readFromReplica`. */
  replica: Replica | null
  /** The database's time in epoch milliseconds. */
  now: () => number
  /** Held in memory, read from the primary in one snapshot; the feed keeps it current. */
  catalogue: { current: Catalogue }
  recentChanges: RecentChanges
  feed: Feed
  audit: Audit
  /** Writes mails and security notices, in the transaction of the change. */
  mail: Outbox
  /** What people pay through, the first choice first. */
  providers: readonly BillingProvider[]
  /** Wakes the worker that carries out what is wanted of them. */
  billingWork: Notifier
  /** Wakes the sender of webhooks. */
  webhookWork: Notifier
  webhookFigures: Figures
  /** Encrypts secrets at rest, under DATA_KEY. */
  secrets: Secrets
  tokens: Tokens
  apiKeys: ApiKeys
  deviceTokens: DeviceTokens
  passwords: PasswordHasher
  passkeys: Passkeys
  /** Asks for the second factor, where an account has one; null: no room here has any. */
  secondFactor: SecondFactor | null
  identityProviders: IdentityProviders
  /** How many ways to sign in an account has, in a transaction that locked its row. */
  countSignInMethods: (tx: Tx, accountId: string) => Promise<number>
  limits: Limits
  /** Has `RateLimit` tell of this count, unless another tier has less left. */
  reportLimit: (count: RateLimitResult) => void
  /** Answers that are made while they are read. */
  streams: OpenStreams
  /** Where the limits are counted for all instances; null: each counts for itself. */
  redis: Redis | null
  usage: UsageCounter
  denials: DenialCounter
  /** Units of monthly quotas that this instance may consume. */
  leases: Leases
  /** The limits that administrators set for owners of teams. */
  sharedLimits: SharedLimits
  /** What was asked and answered, for /metrics. */
  traffic: Traffic
  /** Null unless a collector of traces is configured. */
  tracer: Tracer | null
  /** Every room's. */
  jobs: readonly Job[]
  /** Runs jobs on request. */
  jobRunner: JobRunner
  /** What every room shows at /metrics. */
  metrics: () => Promise<readonly Metric[]>
  /** What the process is up to; `draining` from the first SIGTERM on. */
  lifecycle: { draining: boolean }
  /** The HMACs under which an address's trials and used quotas outlive its erasure, the one to write under first. */
  traceKeys: (email: string) => [Buffer, ...Buffer[]]
  /** The HMAC under which lockout counters are kept, so that no stranger's address is stored, and what a repeated request is known by. */
  counterKey: (kind: 'email' | 'device' | 'password' | 'code' | 'code-device' | 'request', value: string) => Buffer
  /** What the log calls an address's network. */
  networkHash: (ip: string) => string
}
