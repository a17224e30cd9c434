import { apiKeyMetrics } from './api-keys/metrics.ts'
import type { AppDeps } from './app-deps.ts'
import { authMetrics } from './auth/metrics.ts'
import { billingMetrics } from './billing/metrics.ts'
import { catalogueMetrics } from './catalogue/metrics.ts'
import { changeMetrics } from './changes/metrics.ts'
import { databaseMetrics, replicaMetrics } from './db/metrics.ts'
import { jobMetrics } from './jobs/metrics.ts'
import { mailMetrics } from './mail/metrics.ts'
import type { Metric } from './metrics/metric.ts'
import { passkeyMetrics } from './passkeys/metrics.ts'
import { quotaMetrics } from './quotas/metrics.ts'
import { limitMetrics } from './rate-limits/metrics.ts'
import { redisMetrics } from './redis/metrics.ts'
import { ssoMetrics } from './sso/metrics.ts'
import { teamMetrics } from './teams/metrics.ts'
import { trafficMetrics } from './telemetry/metrics.ts'
import { traceMetrics } from './tracing/metrics.ts'
import { webhookMetrics } from './webhooks/metrics.ts'

/** The metrics of all rooms. */
export function metricsOfRooms(deps: AppDeps): readonly Metric[] {
  return [
    ...trafficMetrics(deps.traffic),
    ...authMetrics(deps),
    ...passkeyMetrics(deps.passkeys),
    ...limitMetrics(deps.limits),
    ...(deps.redis ? redisMetrics(deps.redis) : []),
    ...databaseMetrics(deps.db, deps.config.poolMax),
    ...(deps.replica ? replicaMetrics(deps.replica) : []),
    ...changeMetrics(deps),
    ...apiKeyMetrics(deps.apiKeys),
    ...quotaMetrics(deps.leases),
    ...catalogueMetrics(deps.catalogue),
    ...mailMetrics(deps),
    ...ssoMetrics(deps),
    ...billingMetrics(deps),
    ...webhookMetrics(deps),
    ...teamMetrics(deps),
    ...jobMetrics(deps),
    ...(deps.tracer ? traceMetrics(deps.tracer) : []),
  ]
}
