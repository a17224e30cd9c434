import { durationHistogram } from '../metrics/durations.ts'
import { counter, gauge, type Metric } from '../metrics/metric.ts'
import type { Database } from './database.ts'
import type { Replica } from './replica.ts'

/** The metrics of the connection pool, its queue and the last losses of the database. */
export function databaseMetrics(
  { stats, durations }: Pick<Database, 'stats' | 'durations'>,
  poolMax: number,
): Metric[] {
  return [
    counter('manas360_database_statements_total', 'SQL statements sent to the database', () => stats().queries),
    counter(
      'manas360_database_slow_statements_total',
      'SQL statements that took longer than DB_SLOW_QUERY_MS',
      () => stats().slowQueries,
    ),
    counter(
      'manas360_database_pool_replacements_total',
      'Database connections closed because a statement had no answer before its deadline',
      () => stats().recycles,
    ),
    gauge(
      'manas360_database_connections_in_use',
      'Database connections in use by statements and transactions',
      () => stats().inUse,
    ),
    gauge(
      'manas360_database_connections_awaited',
      'Statements and transactions that wait for a database connection',
      () => stats().waiting,
    ),
    gauge(
      'manas360_database_connections_max',
      'The most database connections of this instance (DB_POOL_MAX)',
      () => poolMax,
    ),
    durationHistogram(
      'manas360_database_answer_seconds',
      'Seconds until the database answered a statement, BEGIN or COMMIT, or its deadline passed',
      durations.answers,
    ),
    durationHistogram(
      'manas360_database_wait_seconds',
      'Seconds that statements and transactions waited for a database connection',
      durations.waits,
    ),
  ]
}

/** The metrics of the replica. */
export function replicaMetrics(replica: Replica): Metric[] {
  return [
    gauge(
      'manas360_replica_used',
      '1 if this instance reads from the replica, else 0',
      () => replica.status() === 'used',
    ),
    gauge(
      'manas360_replica_age_seconds',
      'Seconds by which the data of the replica may be behind the primary',
      () => replica.ageMs() / 1000,
    ),
    counter(
      'manas360_replica_fallbacks_total',
      'Reads that failed on the replica and were repeated on the primary',
      replica.fallbacks,
    ),
  ]
}
