import { findSchemaState, latestVersion } from '../db/schema-version.ts'
import type { Unwritable } from '../db/writability.ts'
import type { OpsDeps } from './deps.ts'

export type Check = { status: 'ok' | 'failed'; detail?: string }

/**
 * Checks whether this instance should get traffic: it is not draining, its database answers and accepts writes, and the
 * schema is supported.
 */
export async function checkReadiness(deps: OpsDeps): Promise<Record<string, Check>> {
  const { database, writes } = await checkDatabase(deps)
  return {
    lifecycle: deps.lifecycle.draining ? { status: 'failed', detail: 'draining' } : { status: 'ok' },
    database,
    writes,
    changeFeed: deps.feed.isStale()
      ? { status: 'failed', detail: 'changes of authorisation could not be read for 10 s' }
      : { status: 'ok' },
    migrations:
      database.status === 'ok'
        ? await checkMigrations(deps)
        : { status: 'failed', detail: 'unknown while the database is out of reach' },
  }
}

/** Whether every check passes, as /ready answers. */
export function isReady(checks: Record<string, Check>): boolean {
  return Object.values(checks).every(({ status }) => status === 'ok')
}

async function checkDatabase({ db }: OpsDeps): Promise<{ database: Check; writes: Check }> {
  try {
    const unwritable = await db.ping()
    return {
      database: { status: 'ok' },
      writes: unwritable ? { status: 'failed', detail: obstacles[unwritable] } : { status: 'ok' },
    }
  } catch {
    return {
      database: { status: 'failed', detail: 'does not answer' },
      writes: { status: 'failed', detail: 'unknown while the database is out of reach' },
    }
  }
}

const obstacles: Record<Unwritable, string> = {
  'read-only': 'the database is read-only',
  'disk-full': 'the disk of the database is full',
}

async function checkMigrations({ sql, schema }: OpsDeps): Promise<Check> {
  if (schema.isServed) return { status: 'ok' }
  try {
    const { version, gap } = await findSchemaState(sql)
    // The program was started on a schema that it supports. A newer one is part of a deployment.
    if (gap && version <= latestVersion) return { status: 'failed', detail: gap.reason }
    schema.isServed = true
    return { status: 'ok' }
  } catch {
    return { status: 'failed', detail: 'could not be read' }
  }
}
