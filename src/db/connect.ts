import postgres from 'postgres'
import { withTimeout } from '../async/timeout.ts'

export type DatabaseOptions = {
  url: string
  /** How many statements and transactions may be under way at once; the probe's connection comes on top. */
  max: number
  statementTimeoutMs: number
  /** Statements that take longer are reported to `onSlow`, with placeholders and never with values. */
  slowQueryMs: number
  ssl: 'disable' | 'require' | 'verify-full'
  applicationName: string
  /** How many may wait for their turn; default 10 × `max`, and 320 at least. */
  queueLimit?: number
  /** How long one may wait for its turn; default 2000. */
  acquireTimeoutMs?: number
  onSlow: (info: { milliseconds: number; statement: string }) => void
  onWarn: (message: string, error?: unknown) => void
  /** A standby: that it takes no changes is as it should be. */
  isStandby?: boolean
  /** Both false behind a pooler in transaction mode, where statements and settings do not stay with a connection. */
  prepare?: boolean
  connectionParameters?: boolean
}

/** Waiting before the driver connects a failed slot again, in seconds: doubling to 1, with jitter. */
const backoff = (retries: number) => Math.min(1, 0.05 * 2 ** retries) * (0.5 + Math.random() / 2)

/** A pool of the driver's own, of `max` connections; none is opened before its first query. `onclose` hears of each that ends. */
export function connect(options: DatabaseOptions, max: number, onclose?: () => void): postgres.Sql {
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
    onclose,
    // Columns only: keys inside JSON are data.
    transform: { column: { from: postgres.toCamel, to: postgres.fromCamel } },
    connection: {
      application_name: options.applicationName,
      // PgBouncer keeps these two with each client in transaction mode too. Others ignore them: no statement relies on the first.
      TimeZone: 'UTC',
      DateStyle: 'ISO',
      ...(connectionParameters && {
        statement_timeout: statementTimeoutMs,
        lock_timeout: Math.floor(statementTimeoutMs * 0.9),
        idle_in_transaction_session_timeout: Math.max(10_000, statementTimeoutMs),
      }),
    },
  })
}

/**
 * Listens on a connection of its own, which reconnects by itself. `wake` is called for every notification and after every
 * (re)connection, for what was notified in between is lost.
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
