import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Limits } from './limiters.ts'
import type { RateLimitConfig } from './variables.ts'

/** Dependencies of the middleware that limits requests. */
export type RateLimitDeps = {
  limits: Pick<Limits, 'global' | 'api'>
  config: Pick<RateLimitConfig, 'rateLimitGlobal' | 'rateLimitApi'>
  /** The catalogue in memory; the feed keeps it current. */
  catalogue: { current: Catalogue }
}
