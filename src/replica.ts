import { hasChangedSince } from './audit/queries.ts'
import type { DatabaseOptions } from './db/connect.ts'
import { openReplica, type Replica } from './db/replica.ts'
import type { Sql } from './db/types.ts'
import type { Logger } from './log/logger.ts'
import type { Config } from './room-config.ts'

/**
 * For so long whoever changed something reads from the primary: 5 s, which is as old as the replica may be, and 5 s more,
 * for an audit row is dated when its transaction wrote it, not when that was committed.
 */
const ownWritesMs = 10_000

type Primary = { connection: Omit<DatabaseOptions, 'applicationName'>; sql: Sql; log: Logger; now: () => number }

/** The replica that is configured, reached as the primary is; null without one. */
export function openOwnReplica(config: Config, { connection, sql, log, now }: Primary): Replica | null {
  if (config.replicaUrl === undefined) return null
  return openReplica({
    database: { ...connection, applicationName: 'manas360-replica', url: config.replicaUrl, ssl: config.replicaSsl },
    sql,
    log,
    hasWritten: (primary, accountId) => hasChangedSince(primary, accountId, new Date(now() - ownWritesMs)),
  })
}
