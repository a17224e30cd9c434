import type { Audit } from '../audit/record.ts'
import type { Config } from '../config/config.ts'
import type { Sql } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'
import type { Limits } from '../rate-limits/limiters.ts'
import type { Tally } from '../rate-limits/result.ts'
import type { Traffic } from '../telemetry/traffic.ts'
import type { DeviceTokens } from './device-tokens.ts'
import type { PasswordHasher } from './passwords.ts'

/** What the services of signing in use. */
export type AuthDeps = {
  sql: Sql
  log: Logger
  audit: Audit
  passwords: PasswordHasher
  deviceTokens: DeviceTokens
  config: Pick<Config, 'passwordMinLength' | 'rateLimitPassword'>
  limits: Pick<Limits, 'password'>
  /** Has `RateLimit` tell of this count, unless another tier has less left. */
  reportLimit: (count: Tally) => void
  traffic: Pick<Traffic, 'countLockout'>
  /** The HMAC under which lockout counters are kept, so that no stranger's address is stored. */
  counterKey: (kind: 'email' | 'device' | 'password', value: string) => Buffer
  /** What the log calls an address's network. */
  networkHash: (ip: string) => string
}
