import { hostname } from 'node:os'
import { version } from '../config/version.ts'
import type { Sql } from '../db/types.ts'
import type { Logger } from '../log/logger.ts'
import type { OpsDeps } from './deps.ts'
import { deleteInstance, type InstanceState, upsertInstance } from './instance-queries.ts'

const beatEveryMs = 10_000
const maxInteger = 2_147_483_647

type Options = Pick<OpsDeps, 'instance' | 'feed' | 'redis' | 'lifecycle' | 'catalogue'> & { sql: Sql; log: Logger }

/**
 * Publishes the state of this instance for the others: one row, written every 10 s by the clock, independent of
 * requests. An orderly stop deletes it; the row of a killed instance stays for an hour, as `silent`.
 */
export function createHeartbeat(options: Options) {
  const { sql, log, instance } = options
  const startedAt = new Date(Date.now() - Math.round(process.uptime() * 1_000))
  let timer: Timer | undefined
  let beating: Promise<void> | undefined
  let failing = false

  async function writeOnce(): Promise<void> {
    try {
      await upsertInstance(sql, { ...stateOf(options), id: instance.id, startedAt })
      failing = false
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'this instance could not say that it serves; it tries again')
      failing = true
    }
  }

  /** Writes the row; a call during a write waits for that. Never throws. */
  function beat(): Promise<void> {
    beating ??= writeOnce().finally(() => {
      beating = undefined
    })
    return beating
  }

  return {
    beat,
    start(): void {
      void beat()
      timer = setInterval(() => void beat(), beatEveryMs)
      timer.unref()
    },
    /** Stops, and deletes the row. Never throws. */
    async stop(): Promise<void> {
      clearInterval(timer)
      await beating
      await deleteInstance(sql, instance.id).catch(() => {})
    },
  }
}

function stateOf({ feed, redis, lifecycle, catalogue }: Options): Omit<InstanceState, 'id' | 'startedAt'> {
  return {
    host: hostname().slice(0, 255),
    ...version,
    status: lifecycle.draining ? 'draining' : feed.isStale() ? 'failing' : redis && !redis.isUp() ? 'degraded' : 'ok',
    feedAgeMs: Math.min(Math.round(feed.ageMs()), maxInteger),
    catalogueVersion: catalogue.current.version,
    memoryBytes: process.memoryUsage.rss(),
  }
}
