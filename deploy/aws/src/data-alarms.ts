import { aws_cloudwatch as cw, aws_logs as logs, type Stack } from 'aws-cdk-lib'
import { parametersOf } from './database.ts'
import { type AlarmSpec, metricsOf, type Watched } from './metrics.ts'

const gib = 1024 ** 3
/** PostgreSQL stops at 2,146 million, to protect itself; autovacuum should have begun at 200 million. */
const manyTransactionIds = 1_000_000_000

export function databaseAlarms(watched: Watched): Record<string, AlarmSpec> {
  const metrics = metricsOf(watched)
  const { settings } = watched
  const most = Number(parametersOf(settings).max_connections)
  const missing = cw.TreatMissingData.BREACHING
  return {
    'database-cpu': { metric: metrics.databaseCpu, threshold: 80, minutes: 5, missing, description: 'Percent' },
    'database-connections': {
      metric: metrics.databaseConnections,
      threshold: Math.floor(most * 0.85),
      description: `Of ${most}; beyond them requests wait, and are answered 503 "overloaded"`,
    },
    'database-storage': {
      metric: metrics.databaseStorage,
      threshold: Math.max(10, settings.database.storageGib * 0.15) * gib,
      isBelow: true,
      description: 'Free bytes; it grows by itself up to maxStorageGib, and a full disk refuses all writes',
    },
    'database-memory': {
      metric: metrics.databaseMemory,
      threshold: gib / 2,
      isBelow: true,
      minutes: 5,
      description: 'Freeable bytes',
    },
    'database-write-latency': {
      metric: metrics.databaseWriteLatency,
      threshold: 0.02,
      minutes: 5,
      description: 'Seconds',
    },
    'database-transaction-ids': {
      metric: metrics.transactionIds,
      threshold: manyTransactionIds,
      description: 'Autovacuum does not get round: look for transactions that have been open for days',
    },
    ...(metrics.replicaLag && {
      'replica-lag': {
        metric: metrics.replicaLag,
        threshold: 5,
        description: 'Seconds; beyond 5 the service reads everything from the primary',
      },
    }),
    'cache-cpu': { metric: metrics.cacheCpu, threshold: 80, description: 'Percent of the engine’s one core' },
    'cache-memory': {
      metric: metrics.cacheMemory,
      threshold: 75,
      description: 'Percent; a full Valkey refuses to count, and log-ins are answered 503',
    },
  }
}

/** Lines of the service's log that nobody should find by chance, by their `msg`. A test holds that the program says them. */
export const watchedLines: Record<string, { message: string; description: string }> = {
  'unexpected-error': {
    message: 'unexpected error',
    description: 'A request was answered 500: that is a fault of the program',
  },
  'mail-refused': {
    message: 'no mail goes out: SMTP_URL or MAIL_FROM is not accepted; see manas360 doctor',
    description: 'Mail waits until the configuration is right: nobody can reset a password',
  },
  'mail-waits': {
    message: 'the mail server does not answer as it should; mails wait',
    description: 'Mail waits for the mail server',
  },
  'changes-unread': {
    message: 'changes of authorisation could not be read; trying again',
    description: 'After 10 s of this, administration is answered 503 authorisation-stale',
  },
  'redis-lost': {
    message: 'Redis is lost: the auth tier is closed, the other limits are open',
    description: 'Registering and logging in are answered 503',
  },
  'job-failed': { message: 'job failed; it runs again at its time', description: 'A background job failed' },
  uncaught: { message: 'uncaught exception', description: 'Something failed outside every request' },
}

export function logAlarms(scope: Stack): Record<string, AlarmSpec> {
  const logGroup = logs.LogGroup.fromLogGroupName(scope, 'Log', '/manas360/service')
  const specs: Record<string, AlarmSpec> = {}
  for (const [name, { message, description }] of Object.entries(watchedLines)) {
    const filter = new logs.MetricFilter(scope, `Line-${name}`, {
      logGroup,
      filterPattern: logs.FilterPattern.stringValue('$.msg', '=', message),
      metricNamespace: 'Manas360',
      metricName: name,
      metricValue: '1',
      defaultValue: 0,
    })
    specs[name] = { metric: filter.metric({ statistic: 'Sum' }), threshold: 0, minutes: 1, description }
  }
  return specs
}
