import { aws_cloudwatch as cw, Duration, type aws_ecs as ecs, aws_elasticloadbalancingv2 as elb } from 'aws-cdk-lib'
import type { DataStack } from './data-stack.ts'
import type { Balancing } from './load-balancer.ts'
import type { Settings } from './settings.ts'

export type Watched = {
  service: ecs.FargateService
  cluster: ecs.ICluster
  balancing: Balancing
  data: DataStack
  settings: Settings
}

/** An alarm in words: a metric, its bound, and for how many minutes of how many it holds. */
export type AlarmSpec = {
  metric: cw.IMetric
  threshold: number
  /** Default: greater than. */
  isBelow?: boolean
  /** Minutes out of five that have to be beyond the threshold; default 3. */
  minutes?: number
  /** What no data means; default: nothing is wrong. */
  missing?: cw.TreatMissingData
  description: string
  /** Whether it takes a deployment back. */
  rollsBack?: boolean
}

const period = Duration.minutes(1)

/** What is looked at, each by the minute; alarms and dashboard take the same. */
export function metricsOf({ service, cluster, balancing, data }: Watched) {
  const { alb, blue, green } = balancing
  const { primary, replica } = data.database
  const { HttpCodeElb, HttpCodeTarget } = elb
  const requests = alb.metrics.requestCount({ period })
  const errorPercent = new cw.MathExpression({
    label: '5xx, percent',
    period,
    // Few requests are no measure: one error of ten at night would take a deployment back.
    expression: 'IF(FILL(requests, 0) > 100, 100 * (FILL(own, 0) + FILL(balancers, 0)) / requests, 0)',
    usingMetrics: {
      requests,
      own: alb.metrics.httpCodeTarget(HttpCodeTarget.TARGET_5XX_COUNT, { period }),
      balancers: alb.metrics.httpCodeElb(HttpCodeElb.ELB_5XX_COUNT, { period }),
    },
  })
  const insights = (metricName: string) =>
    new cw.Metric({
      namespace: 'ECS/ContainerInsights',
      metricName,
      statistic: 'Average',
      period,
      dimensionsMap: { ClusterName: cluster.clusterName, ServiceName: service.serviceName },
    })
  const cache = (metricName: string, statistic = 'Average') =>
    new cw.Metric({
      namespace: 'AWS/ElastiCache',
      metricName,
      statistic,
      period,
      dimensionsMap: { ReplicationGroupId: data.cache.group.ref },
    })
  return {
    requests,
    errorPercent,
    latencyP50: alb.metrics.targetResponseTime({ period, statistic: 'p50' }),
    latencyP95: alb.metrics.targetResponseTime({ period, statistic: 'p95' }),
    latencyP99: alb.metrics.targetResponseTime({ period, statistic: 'p99' }),
    connections: alb.metrics.activeConnectionCount({ period }),
    unhealthy: new cw.MathExpression({
      label: 'unhealthy tasks',
      period,
      expression: 'FILL(blue, 0) + FILL(green, 0)',
      usingMetrics: {
        blue: blue.metrics.unhealthyHostCount({ period, statistic: 'Maximum' }),
        green: green.metrics.unhealthyHostCount({ period, statistic: 'Maximum' }),
      },
    }),
    runningTasks: insights('RunningTaskCount'),
    taskCpu: service.metricCpuUtilization({ period }),
    taskMemory: service.metricMemoryUtilization({ period }),
    blocked: new cw.Metric({
      namespace: 'AWS/WAFV2',
      metricName: 'BlockedRequests',
      statistic: 'Sum',
      period,
      dimensionsMap: { WebACL: 'manas360-firewall', Region: data.region, Rule: 'ALL' },
    }),
    databaseCpu: primary.metricCPUUtilization({ period }),
    databaseConnections: primary.metricDatabaseConnections({ period, statistic: 'Maximum' }),
    databaseStorage: primary.metricFreeStorageSpace({ period, statistic: 'Minimum' }),
    databaseMemory: primary.metricFreeableMemory({ period, statistic: 'Minimum' }),
    databaseWriteLatency: primary.metric('WriteLatency', { period, statistic: 'Average' }),
    transactionIds: primary.metric('MaximumUsedTransactionIDs', { period, statistic: 'Maximum' }),
    replicaLag: replica?.metric('ReplicaLag', { period, statistic: 'Maximum' }),
    cacheCpu: cache('EngineCPUUtilization', 'Maximum'),
    cacheMemory: cache('DatabaseMemoryUsagePercentage', 'Maximum'),
    cacheLag: cache('ReplicationLag', 'Maximum'),
  }
}
