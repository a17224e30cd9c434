import postgres from 'postgres'
import { withTimeout } from '../async/timeout.ts'
import type { Tls } from './tls.ts'

export type DatabaseOptions = {
  url: string
  /** The most statements and transactions at once; the connection of health probes comes on top. */
  max: number
  statementTimeoutMs: number
  /** Statements that take longer are reported to `onSlow`, with placeholders and never with values. */
  slowQueryMs: number
  ssl: Tls
  applicationName: string
  /** How many may wait for a connection; default 10 × `max`, and 320 at least. */
  queueLimit?: number
  /** How long to wait for a connection, for one that is free or one that opens; default 2000. */
  acquireTimeoutMs?: number
  onSlow: (info: { milliseconds: number; statement: string }) => void
  onWarn: (message: string, error?: unknown) => void
  /** A standby, which is expected to be read-only. */
  isStandby?: boolean
  /** Both false behind a pooler in transaction mode, which keeps neither prepared statements nor settings. */
  prepare?: boolean
  connectionParameters?: boolean
}

/**
 * Seconds for the server's end, which closes a connection whose client has been silent for 25 s. None of the timeouts
 * below ends a transaction whose next message arrived incomplete; by the system's default its locks would be held for
 * two hours.
 */
const keepalives = { tcp_keepalives_idle: 10, tcp_keepalives_interval: 5, tcp_keepalives_count: 3 }

/** How long a connection may take to open, in seconds: as long as a request may wait for one, and 2 at least. */
export const connectSeconds = ({ acquireTimeoutMs = 2000 }: Pick<DatabaseOptions, 'acquireTimeoutMs'>): number =>
  Math.max(2, acquireTimeoutMs / 1000)

/** The driver's pause before it reconnects, in seconds: doubling up to 1, with jitter. */
const backoff = (retries: number) => Math.min(1, 0.05 * 2 ** retries) * (0.5 + Math.random() / 2)

/** A pool of the driver, of `max` connections, opened by queries. `onclose` is called for each that closes. */
export function connect(options: DatabaseOptions, max: number, onclose?: () => void): postgres.Sql {
  const { statementTimeoutMs, prepare = true, connectionParameters = true } = options
  const url = new URL(options.url)
  // A parameter of libpq, which the server would refuse as an unknown setting.
  url.searchParams.delete('channel_binding')
  return postgres(url.href, {
    max,
    prepare,
    backoff,
    connect_timeout: connectSeconds(options),
    ssl: options.ssl === 'disable' ? false : options.ssl,
    onnotice: () => {},
    onclose,
    // Columns only: keys inside JSON are data.
    transform: { column: { from: postgres.toCamel, to: postgres.fromCamel } },
    connection: {
      application_name: options.applicationName,
      // PgBouncer tracks these two per client, even in transaction mode. Other poolers ignore them: no statement relies
      // on the first.
      TimeZone: 'UTC',
      DateStyle: 'ISO',
      ...(connectionParameters && {
        statement_timeout: statementTimeoutMs,
        lock_timeout: Math.floor(statementTimeoutMs * 0.9),
        idle_in_transaction_session_timeout: Math.max(10_000, statementTimeoutMs),
        ...keepalives,
      }),
    },
  })
}

/**
 * LISTEN on a connection of its own, which reconnects by itself. The function of a channel is called for every
 * notification, and after every (re)connection, because notifications in between are lost.
 */
export function listen(options: DatabaseOptions, wakes: Record<string, () => void>): { close(): Promise<void> } {
  const client = connect({ ...options, connectionParameters: false }, 1)
  let closed = false
  for (const [channel, wake] of Object.entries(wakes))
    client.listen(channel, wake, wake).catch((error) => {
      if (!closed) options.onWarn('the listener could not connect; polling goes on', error)
    })
  return {
    async close() {
      closed = true
      await withTimeout(client.end({ timeout: 0 }), 500, () => {}).catch(() => {})
    },
  }
}
