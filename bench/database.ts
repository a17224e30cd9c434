import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import postgres from 'postgres'
import { migrate } from '../src/db/migrate.ts'
import { openEmbeddedPostgres } from '../src/embedded-postgres/open.ts'

export type BenchDatabase = {
  url: string
  version: string
  /** The process of the server, where it is embedded. */
  pid: number | null
  close(): Promise<void>
}

/**
 * A migrated database: on the server of TEST_DATABASE_URL, else on an embedded one with these `settings`. Both are
 * durable, as in production.
 */
export async function openDatabase(
  given: string | undefined,
  settings: Record<string, string> = {},
): Promise<BenchDatabase> {
  if (given) return onServer(given, null, async () => {})
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'manas360-bench-'))
  const server = await openEmbeddedPostgres({ dataDir: join(directory, 'postgres'), settings })
  const pid = Number(readFileSync(join(directory, 'postgres', 'postmaster.pid'), 'utf8').split('\n')[0])
  return onServer(server.url, pid, async () => {
    await server.stop()
    rmSync(directory, { recursive: true, force: true })
  })
}

async function onServer(server: string, pid: number | null, last: () => Promise<void>): Promise<BenchDatabase> {
  const sql = postgres(server, { max: 1, onnotice: () => {} })
  const name = `manas360_bench_${crypto.randomUUID().slice(0, 8)}`
  try {
    await sql`create database ${sql(name)}`
    const url = new URL(server)
    url.pathname = `/${name}`
    await migrate({ url: url.href })
    const [row] = await sql<{ version: string }[]>`select current_setting('server_version') as version`
    return {
      url: url.href,
      version: row?.version ?? '',
      pid,
      async close() {
        await sql`drop database if exists ${sql(name)} with (force)`
        await sql.end({ timeout: 5 })
        await last()
      },
    }
  } catch (error) {
    await sql.end({ timeout: 5 })
    await last()
    throw error
  }
}

/** Gives every account the plan with the feature of the gated route. */
export async function subscribeEveryone(url: string): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql`update user_subscriptions set plan = 'professional'`
  await sql`update user_accounts set role = 'subscriber'`
  await sql.end({ timeout: 5 })
}
