import { hasChangedSince } from './audit/queries.ts'
import type { DatabaseOptions } from './db/connect.ts'
import { openReplica, type Replica } from './db/replica.ts'
import type { Sql } from './db/types.ts'
import type { Logger } from './log/logger.ts'
import type { Config } from './room-config.ts'

/**
 * How long an account reads from the primary after its last change: 5 s, the greatest age of the replica, and 5 s more,
 * because an audit row has the time of its writing and not of its commit.
 */
const ownWritesMs = 10_000

type Primary = { connection: Omit<DatabaseOptions, 'applicationName'>; sql: Sql; log: Logger; now: () => number }

/** Opens the configured replica, with the options of the primary; null where none is configured. */
export function openOwnReplica(config: Config, { connection, sql, log, now }: Primary): Replica | null {
  if (config.replicaUrl === undefined) return null
  return openReplica({
    database: { ...connection, applicationName: 'manas360-replica', url: config.replicaUrl, ssl: config.replicaSsl },
    sql,
    log,
    hasWritten: (primary, accountId) => hasChangedSince(primary, accountId, new Date(now() - ownWritesMs)),
  })
}
