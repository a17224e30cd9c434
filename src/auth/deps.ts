import type { ApiKeys } from '../api-keys/verifier.ts'
import type { Audit } from '../audit/record.ts'
import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Feed } from '../changes/feed.ts'
import type { RecentChanges } from '../changes/recent-changes.ts'
import type { ConsentConfig } from '../consents/variables.ts'
import type { Sql } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'
import type { Outbox } from '../mail/outbox.ts'
import type { MailConfig } from '../mail/variables.ts'
import type { Limits } from '../rate-limits/limiters.ts'
import type { RateLimitResult } from '../rate-limits/result.ts'
import type { RateLimitConfig } from '../rate-limits/variables.ts'
import type { Traffic } from '../telemetry/traffic.ts'
import type { DeviceTokens } from './device-tokens.ts'
import type { FirstFactor } from './first-factor.ts'
import type { PasswordHasher } from './passwords.ts'
import type { MfaRequired } from './schemas.ts'
import type { Tokens } from './tokens.ts'
import type { AuthConfig } from './variables.ts'

/**
 * The room of second factors, which lies above this one and is handed in. It releases the try of the password in the statement
 * that it makes anyway. Null: the account is not what was read of it any more.
 */
export type SecondFactor = (deps: AuthDeps, first: FirstFactor) => Promise<Omit<MfaRequired, 'status'> | null>

/** What the services of signing in use. */
export type AuthDeps = {
  sql: Sql
  log: Logger
  audit: Audit
  tokens: Tokens
  deviceTokens: DeviceTokens
  passwords: PasswordHasher
  /** Asks for the second factor; null: no room here has any. */
  secondFactor: SecondFactor | null
  mail: Outbox
  config: Omit<AuthConfig, 'accessKeys' | 'jwtRefreshSecrets'> &
    Pick<RateLimitConfig, 'rateLimitPassword'> &
    Pick<MailConfig, 'appUrl'> &
    ConsentConfig
  /** Held in memory; the feed keeps it current. */
  catalogue: { current: Catalogue }
  /** The database's time in epoch milliseconds. */
  now: () => number
  limits: Pick<Limits, 'password'>
  /** Shows this count in `RateLimit`, unless another limiter has less left. */
  reportLimit: (count: RateLimitResult) => void
  traffic: Pick<Traffic, 'countLockout'>
  /** The HMAC under which lockout counters are kept, so that no stranger's address is stored. */
  counterKey: (kind: 'email' | 'device' | 'password' | 'code' | 'code-device', value: string) => Buffer
  /** The HMACs under which an address's trials and used quotas outlive its erasure; the first is the one to write under. */
  traceKeys: (email: string) => [Buffer, ...Buffer[]]
  /** The pseudonym of an address's network in the log. */
  networkHash: (ip: string) => string
}

/** What verifying the Authorization header uses. */
export type BearerDeps = Pick<AuthDeps, 'tokens' | 'catalogue' | 'now'> & {
  recentChanges: Pick<RecentChanges, 'verify'>
  feed: Pick<Feed, 'pollSoon'>
  apiKeys: Pick<ApiKeys, 'recall' | 'lookUp'>
  limits: Pick<Limits, 'global'>
  config: Pick<RateLimitConfig, 'rateLimitGlobal'>
}
