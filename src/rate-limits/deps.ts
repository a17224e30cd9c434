import type { Catalogue } from '../catalogue/catalogue.ts'
import type { Config } from '../config/config.ts'
import type { Limits } from './limiters.ts'

/** What the middleware that limits requests uses. */
export type RateLimitDeps = {
  limits: Pick<Limits, 'global' | 'api'>
  config: Pick<Config, 'rateLimitGlobal' | 'rateLimitApi'>
  /** Held in memory; the feed keeps it current. */
  catalogue: { current: Catalogue }
}
