import type { ApiKeys } from '../api-keys/verifier.ts'
import type { AuthDeps } from '../auth/deps.ts'
import type { OpenStreams } from '../http/output/open-streams.ts'
import type { QuotaDeps } from '../quotas/deps.ts'
import type { Limits } from '../rate-limits/limiters.ts'
import type { UsageCounter } from './usage.ts'

/** What the services of accounts use. */
export type AccountDeps = QuotaDeps &
  AuthDeps & {
    usage: UsageCounter
    apiKeys: Pick<ApiKeys, 'flush'>
    limits: Pick<Limits, 'exports'>
    streams: OpenStreams
    /**
     * HMACs of an address, under which trials and used quotas of an erased account are stored. New rows use the first;
     * rows are looked up under all.
     */
    traceKeys: (email: string) => [Buffer, ...Buffer[]]
  }
