import { deniedFeatures } from '../access/feature-guards.ts'
import { middleware } from '../http/middleware.ts'
import { contextOf, type PublicEnv } from '../http/request.ts'
import type { UsageCounter } from './usage.ts'

type Options = { usage: Pick<UsageCounter, 'count'>; denials: { count(features: readonly string[]): void } }

/** Counts authorised requests that succeeded, for the person's usage statistics, and the features that 403 answers were about. */
export function countUsage({ usage, denials }: Options) {
  return middleware<PublicEnv>({
    name: 'countUsage',
    after(c) {
      const { principal, route } = contextOf(c)
      if (principal && c.res.status < 400) usage.count(principal.accountId, route)
      else if (c.res.status === 403) denials.count(deniedFeatures(c.error))
    },
  })
}
