import { durationHistogram } from '../metrics/durations.ts'
import { counter, gauge, type Metric } from '../metrics/metric.ts'
import type { Database } from './database.ts'
import type { Replica } from './replica.ts'

export function databaseMetrics(
  { stats, durations }: Pick<Database, 'stats' | 'durations'>,
  poolMax: number,
): Metric[] {
  return [
    counter('manas360_database_statements_total', 'Statements sent', () => stats().queries),
    counter('manas360_database_slow_statements_total', 'Statements over DB_SLOW_QUERY_MS', () => stats().slowQueries),
    counter(
      'manas360_database_pool_replacements_total',
      'Connections given up because no answer came in time',
      () => stats().recycles,
    ),
    gauge('manas360_database_connections_in_use', 'Statements and transactions that run', () => stats().inUse),
    gauge(
      'manas360_database_connections_awaited',
      'Statements and transactions that wait for a connection',
      () => stats().waiting,
    ),
    gauge('manas360_database_connections_max', 'DB_POOL_MAX', () => poolMax),
    durationHistogram(
      'manas360_database_answer_seconds',
      'How long statements, BEGIN and COMMIT took to be answered, or given up',
      durations.answers,
    ),
    durationHistogram(
      'manas360_database_wait_seconds',
      'How long statements and transactions waited for a connection',
      durations.waits,
    ),
  ]
}

export function replicaMetrics(replica: Replica): Metric[] {
  return [
    gauge('manas360_replica_used', 'Whether reads go to the replica: 1 or 0', () => replica.status() === 'used'),
    gauge('manas360_replica_age_seconds', 'How old the data of the replica may be', () => replica.ageMs() / 1000),
    counter(
      'manas360_replica_fallbacks_total',
      'Reads that failed on the replica and were repeated on the primary',
      replica.fallbacks,
    ),
  ]
}
