import type { Sql } from '../../../src/db/types.ts'
import type { TestApp } from '../../support/app.ts'
import { openObserved } from '../../support/open-database.ts'

/**
 * Loads many rows without checking foreign keys or running triggers: the rows are right as they come. Secondary indexes are
 * built once from all rows, which costs a fraction of keeping each row in them; those of subscriptions grow row by row, as in
 * a service, because the plans of their lists depend on how full their pages are.
 */
export async function inBulk({ sql, databaseUrl }: TestApp, load: (sql: Sql) => Promise<void>): Promise<void> {
  const database = new URL(databaseUrl).pathname.slice(1)
  await sql.unsafe(`alter database "${database}" set session_replication_role = replica`)
  const loading = openObserved(databaseUrl, { statementTimeoutMs: 120_000, max: 1 })
  const indexes = await loading.sql<{ name: string; definition: string }[]>`
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
      from pg_index join pg_class on pg_class.oid = indrelid
     where relnamespace = 'public'::regnamespace and relkind = 'r' and not indisunique and relname <> 'user_subscriptions'`
  for (const { name } of indexes) await loading.sql.unsafe(`drop index ${name}`)
  await load(loading.sql)
  for (const { definition } of indexes) await loading.sql.unsafe(definition)
  await loading.close(5)
  await sql.unsafe(`alter database "${database}" reset session_replication_role`)
}
