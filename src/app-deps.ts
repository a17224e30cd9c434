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
  // The type of `c.get('deps')`.
  interface Services extends AppDeps {}
}

/** Everything that is open in an instance. The `deps.ts` of a room lists what its services use of it. */
export type AppDeps = {
  config: Config
  /** The id of this instance among those on the same database. */
  instance: { id: string }
  log: Logger
  db: Database
  sql: Sql
  /** Whether this program supports the schema of the database. Read again when the database restarts or is replaced. */
  schema: { isServed: boolean }
  /** The source of `readFromReplica`; null: none is configured. */
  replica: Replica | null
  /** The database's time in epoch milliseconds. */
  now: () => number
  /** The catalogue in memory, read from the primary in one snapshot; the feed keeps it current. */
  catalogue: { current: Catalogue }
  recentChanges: RecentChanges
  feed: Feed
  audit: Audit
  /** Writes mails and security notices, in the transaction of the change. */
  mail: Outbox
  /** Payment providers, the preferred one first. */
  providers: readonly BillingProvider[]
  /** Wakes the worker that carries out the tasks for payment providers. */
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
  /** Starts the second step of a sign-in; null where this program has no second factors. */
  secondFactor: SecondFactor | null
  identityProviders: IdentityProviders
  /** The number of an account's sign-in methods, in a transaction that locked its row. */
  countSignInMethods: (tx: Tx, accountId: string) => Promise<number>
  limits: Limits
  /** Shows this count in `RateLimit`, unless another tier has less left. */
  reportLimit: (count: RateLimitResult) => void
  /** Answers that are streamed. */
  streams: OpenStreams
  /** Counts the limits of all instances; null: each instance counts for itself. */
  redis: Redis | null
  usage: UsageCounter
  denials: DenialCounter
  /** The leases of quota units that this instance may consume. */
  leases: Leases
  /** Limits that administrators set for owners of teams. */
  sharedLimits: SharedLimits
  /** Counts and durations of requests, for /metrics. */
  traffic: Traffic
  /** Null unless a collector of traces is configured. */
  tracer: Tracer | null
  /** The jobs of all rooms. */
  jobs: readonly Job[]
  /** Runs jobs on request. */
  jobRunner: JobRunner
  /** The metrics of all rooms. */
  metrics: () => Promise<readonly Metric[]>
  /** The state of the process; `draining` from the first SIGTERM on. */
  lifecycle: { draining: boolean }
  /**
   * HMACs of an address, under which trials and used quotas of an erased account are stored. New rows use the first.
   */
  traceKeys: (email: string) => [Buffer, ...Buffer[]]
  /**
   * The HMAC that lockout counters and idempotency keys are stored under, so that no plain address of a stranger is
   * stored.
   */
  counterKey: (kind: 'email' | 'device' | 'password' | 'code' | 'code-device' | 'request', value: string) => Buffer
  /** The pseudonym of an address's network in the log. */
  networkHash: (ip: string) => string
}
