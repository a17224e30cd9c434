import type { Logger } from '../log/logger.ts'
import type { DatabaseConfig } from './variables.ts'

/** The options of every pool of the service. `authzFeed`: `poll` behind a pooler in transaction mode. */
export function connectionOptions(config: DatabaseConfig & { authzFeed: 'listen' | 'poll' }, log: Logger) {
  return {
    url: config.databaseUrl,
    max: config.poolMax,
    acquireTimeoutMs: config.acquireTimeoutMs,
    statementTimeoutMs: config.statementTimeoutMs,
    slowQueryMs: config.slowQueryMs,
    ssl: config.databaseSsl,
    // A pooler in transaction mode keeps neither statements nor settings with a connection, and passes on no
    // notifications.
    prepare: config.authzFeed === 'listen',
    connectionParameters: config.authzFeed === 'listen',
    onSlow: (slow: { milliseconds: number; statement: string }) => log.warn(slow, 'slow query'),
    onWarn: (message: string, error?: unknown) => log.warn({ err: error }, message),
  }
}
