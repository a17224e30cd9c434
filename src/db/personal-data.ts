import type { Db } from './types.ts'

/** A row of an export as JSON text, and its key, from which the next page continues. */
export type ExportedRow = { key: string[]; row: string }

/** A part of an export: pages of an account's rows in the order of their key, after the key `after`, up to a time. */
export type ExportedPart = {
  part: string
  page: (sql: Db, accountId: string, after: string[] | null, limit: number, until: Date) => Promise<ExportedRow[]>
}

/**
 * Declares how a table with personal data is exported and erased. Each room declares its own tables; `findUndeclared`
 * finds tables without a declaration.
 */
export type PersonalData = {
  table: string
  /** The part of the export that shows it, or why none does. */
  exported: ExportedPart | { not: string }
  /** `account`: the column by which an erasure deletes an account's rows; `otherwise`: what happens to them instead. */
  erased: { account: string } | { otherwise: string }
}

type Shown = {
  part: string
  /** The column that holds the account's id. */
  account?: string
  /** The exported columns of the table `t`, as a select list; a quoted alias is the name in the export. */
  columns: string
  /** The key that orders an account's rows, with types; it needs an index that begins with the account. */
  key: readonly (readonly [column: string, type: string])[]
}

/** Exports an account's rows of a table, page by page. */
export function rowsOf(table: string, { part, account = 'account_id', columns, key }: Shown): ExportedPart {
  const names = key.map(([column]) => `t.${column}`).join(', ')
  const texts = key.map(([column]) => `t.${column}::text`).join(', ')
  return {
    part,
    page(sql, accountId, after, limit) {
      const place = key.flatMap(([, type], i) => [
        i > 0 ? sql`,` : sql``,
        sql`${after?.[i] ?? null}::text::${sql.unsafe(type)}`,
      ])
      return sql<ExportedRow[]>`
        select array[${sql.unsafe(texts)}] as key, (select row_to_json(r) from (select ${sql.unsafe(columns)}) r)::text as row
          from ${sql(table)} t where t.${sql(account)} = ${accountId} ${after ? sql`and (${sql.unsafe(names)}) > (${place})` : sql``}
         order by ${sql.unsafe(names)} limit ${limit}`
    },
  }
}

/** Column names that suggest an account or an identity. */
const suspicious =
  '(^|_)(account|user|person|owner|member|actor|holder|subject)(_id)?$|_by$|^e?mail(_address)?$|^ip_address$'

/**
 * Finds tables that are not `declared` but have a path of foreign keys to `user_accounts` or a suspicious column, and
 * materialised views over such tables. (`on delete cascade` is no erasure: the row of an erased account stays.)
 */
export async function findUndeclared(sql: Db, declared: readonly string[]): Promise<string[]> {
  const rows = await sql<{ name: string }[]>`
    with recursive leads as (
      select confrelid as source, conrelid as target from pg_constraint where contype = 'f'
      union
      select d.refobjid, r.ev_class from pg_rewrite r join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = r.oid
       where d.refclassid = 'pg_class'::regclass),
    related as (
      select 'user_accounts'::regclass::oid as id
      union
      select target from leads join related on source = related.id)
    select c.relname as name from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'm') and not c.relispartition and c.relname <> all(${declared as string[]})
       and (c.oid in (select id from related) or exists (
         select from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attname ~ ${suspicious}))
     order by 1`
  return rows.map(({ name }) => name)
}
