import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Limits } from './limiters.ts'
import type { RateLimitConfig } from './variables.ts'

/** What the middleware that limits requests uses. */
export type RateLimitDeps = {
  limits: Pick<Limits, 'global' | 'api'>
  config: Pick<RateLimitConfig, 'rateLimitGlobal' | 'rateLimitApi'>
  /** Held in memory; the feed keeps it current. */
  catalogue: { current: Catalogue }
}
