import type { Db } from '../../src/db/types.ts'

type Sql = Db & { unsafe<T extends object[]>(text: string): PromiseLike<T> }

/** Every row of every table, as in a dump. */
export async function dumpTables(sql: Sql): Promise<Map<string, string>> {
  const tables = await sql<{ name: string }[]>`
    select quote_ident(schemaname) || '.' || quote_ident(tablename) as name from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`
  const texts = new Map<string, string>()
  for (const { name } of tables) {
    const rows = await sql.unsafe<{ text: string }[]>(`select t::text as text from ${name} t`)
    texts.set(name, rows.map(({ text }) => text).join('\n'))
  }
  return texts
}

/** The secrets that occur in named texts, as text or as the bytes of a row. */
export function findSecrets(places: Iterable<readonly [string, string]>, secrets: readonly string[]): string[] {
  const bytes = (secret: string) => Buffer.from(secret).toString('hex')
  return [...places].flatMap(([place, text]) =>
    secrets
      .filter((secret) => text.includes(secret) || text.includes(bytes(secret)))
      .map((secret) => `${place}: ${secret}`),
  )
}
