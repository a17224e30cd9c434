import type { Sql } from '../../../src/db/types.ts'
import type { TestApp } from '../../support/app.ts'
import { openObserved } from '../../support/open-database.ts'

/** Loads many rows without checking foreign keys or running triggers: the rows are right as they come. */
export async function inBulk({ sql, databaseUrl }: TestApp, load: (sql: Sql) => Promise<void>): Promise<void> {
  const database = new URL(databaseUrl).pathname.slice(1)
  await sql.unsafe(`alter database "${database}" set session_replication_role = replica`)
  const loading = openObserved(databaseUrl, { statementTimeoutMs: 120_000, max: 1 })
  await load(loading.sql)
  await loading.close(5)
  await sql.unsafe(`alter database "${database}" reset session_replication_role`)
}
