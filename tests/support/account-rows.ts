import { personalData } from '../../src/account/personal-data.ts'
import type { Db } from '../../src/db/types.ts'
import type { TestApp } from './app.ts'

/** Tables that an erasure leaves alone, and so may a late request. */
const kept = Object.entries({
  audit_archive: 'who did what must be provable, as audit_logs',
  audit_logs: 'who did what must be provable; it holds ids alone',
  authz_changes: 'kept for a day, so that every instance hears of the end',
}).map(([table]) => table)

const declared = personalData.flatMap(({ table, erased }) =>
  'account' in erased ? [`${table}.${erased.account}`] : [],
)

/**
 * Counts an account's rows in every table, a new one too: by the columns of the catalogue that refer to an account, or are called so, or by
 * which an erasure deletes. The account's own row is there as it is.
 */
export async function accountRows({ sql, deps }: TestApp): Promise<(db: Db, id: string) => Promise<object>> {
  const columns = await sql<{ table: string; column: string }[]>`
    select c.relname as table, a.attname as column from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and a.atttypid = 'uuid'::regtype and c.relname <> all(${kept})
       and (a.attname ~ '(^|_)(account|owner|actor|payer)_id$|_by$' or concat(c.relname, '.', a.attname) = any(${declared})
            or exists (select from pg_constraint f where f.conrelid = c.oid and f.contype = 'f' and f.confrelid = 'user_accounts'::regclass
                          and a.attnum = any(f.conkey)))
     order by 1, 2`
  const counts = columns.map(
    ({ table, column }) =>
      `select '${table}.${column}' as place, count(*)::int as rows from "${table}" where "${column}" = $1`,
  )
  // Counters of wrong passwords and codes have keyed hashes.
  counts.push("select 'lockouts', count(*)::int from lockouts where key in ($2, $3)")
  const text = `select * from (${counts.join(' union all ')}) counted where rows > 0`
  return async (db, id) => {
    const keys = [deps.counterKey('password', id), deps.counterKey('code', id)]
    const rows = await db.unsafe<{ place: string; rows: number }[]>(text, [id, ...keys], { prepare: true })
    const [own] = await db<{ account: object }[]>`
      select to_jsonb(a) as account from user_accounts a where id = ${id}`
    return { ...own, ...Object.fromEntries(rows.map((row) => [row.place, row.rows])) }
  }
}
