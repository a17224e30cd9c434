import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import postgres from 'postgres'
import { openEmbeddedPostgres } from '../../src/embedded-postgres/open.ts'
import { processesOn } from '../cluster/postgres-processes.ts'
import { until } from './wait.ts'

export type Postgres = Awaited<ReturnType<typeof openPostgres>>

/** A PostgreSQL for a case to break: durable as in production, started again on its port when it ends by itself. */
export async function openPostgres(directory: string, settings: Record<string, string> = {}) {
  mkdirSync(directory, { recursive: true })
  const dataDir = join(directory, 'postgres')
  const server = await openEmbeddedPostgres({
    dataDir,
    settings: { max_connections: '100', recovery_init_sync_method: 'syncfs', ...settings },
  })
  const processes = processesOn(dataDir)
  const urlOf = (database: string): string => {
    const url = new URL(server.url)
    url.pathname = `/${database}`
    return url.href
  }

  /** Runs `work` on a connection of its own. */
  async function as<T>(work: (sql: postgres.Sql) => Promise<T>, database = 'postgres'): Promise<T> {
    const sql = postgres(urlOf(database), { max: 1, connect_timeout: 2, onnotice: () => {} })
    try {
      return await work(sql)
    } finally {
      await sql.end({ timeout: 1 })
    }
  }

  async function isAccepting(): Promise<boolean> {
    return as((sql) => sql`select 1`).then(
      () => true,
      () => false,
    )
  }

  return {
    urlOf,
    as,
    kill: processes.kill,
    freeze: processes.freeze,
    /** Resolves with `performance.now()` once connections are accepted. */
    async untilAccepting(signal: AbortSignal): Promise<number> {
      await until(isAccepting, { seconds: 60, what: 'PostgreSQL accepts connections', signal })
      return performance.now()
    },
    async stop(): Promise<void> {
      // An aborted case may have left it stopped or killed.
      try {
        processes.thaw()
      } catch {}
      await server.stop()
    },
  }
}
