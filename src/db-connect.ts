import postgres from 'postgres'
import type { DatabaseOptions } from './db.ts'

/** Waiting before the driver connects a failed slot again, in seconds: doubling to 1, with jitter. */
const backoff = (retries: number) => Math.min(1, 0.05 * 2 ** retries) * (0.5 + Math.random() / 2)

/** A pool of the driver's own, of `max` connections; none is opened before its first query. */
export function connect(options: DatabaseOptions, max: number): postgres.Sql {
  const { statementTimeoutMs, prepare = true, connectionParameters = true } = options
  const url = new URL(options.url)
  // libpq's own; the server would refuse it as an unknown setting.
  url.searchParams.delete('channel_binding')
  return postgres(url.href, {
    max,
    prepare,
    backoff,
    connect_timeout: 2,
    ssl: options.ssl === 'disable' ? false : options.ssl,
    onnotice: () => {},
    // Columns only: keys inside JSON are data.
    transform: { column: { from: postgres.toCamel, to: postgres.fromCamel } },
    connection: {
      application_name: options.applicationName,
      ...(connectionParameters && {
        TimeZone: 'UTC',
        statement_timeout: statementTimeoutMs,
        lock_timeout: Math.floor(statementTimeoutMs * 0.9),
        idle_in_transaction_session_timeout: Math.max(10_000, statementTimeoutMs),
      }),
    },
  })
}
