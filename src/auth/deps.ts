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
 * Starts the second step of a sign-in. `src/mfa` implements it; this room cannot import it, so it is passed in at
 * start-up. Its one statement also releases the password's reserved attempt. Null: password, status or factors changed
 * since the account was read.
 */
export type SecondFactor = (deps: AuthDeps, first: FirstFactor) => Promise<Omit<MfaRequired, 'status'> | null>

/** Dependencies of the services of signing in. */
export type AuthDeps = {
  sql: Sql
  log: Logger
  audit: Audit
  tokens: Tokens
  deviceTokens: DeviceTokens
  passwords: PasswordHasher
  /** Starts the second step; null where this program has no second factors. */
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
  /** The HMAC that a lockout counter is stored under, so that no plain address of somebody without an account is stored. */
  counterKey: (kind: 'email' | 'device' | 'password' | 'code' | 'code-device', value: string) => Buffer
  /**
   * HMACs of an address, under which trials and used quotas of an erased account are stored. New rows use the first;
   * rows are looked up under all.
   */
  traceKeys: (email: string) => [Buffer, ...Buffer[]]
  /** The pseudonym of an address's network in the log. */
  networkHash: (ip: string) => string
}

/** Dependencies of verifying the Authorization header. */
export type BearerDeps = Pick<AuthDeps, 'tokens' | 'catalogue' | 'now'> & {
  recentChanges: Pick<RecentChanges, 'verify'>
  feed: Pick<Feed, 'pollSoon'>
  apiKeys: Pick<ApiKeys, 'findCached' | 'lookUp'>
  limits: Pick<Limits, 'global'>
  config: Pick<RateLimitConfig, 'rateLimitGlobal'>
}
