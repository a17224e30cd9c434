import type { Db } from '../db/types.ts'
import type { EncryptedColumn } from './encrypted-column.ts'

type Value = { id: string; value: Buffer }

/** Values that do not begin with `header`, in the order of their ids, after `after`. */
export async function listOldValues(
  sql: Db,
  { table, column, id }: EncryptedColumn,
  header: Buffer,
  { after, limit }: { after: string | null; limit: number },
): Promise<Value[]> {
  return sql<Value[]>`
    select ${sql(id)} as id, ${sql(column)} as value from ${sql(table)}
     where ${sql(column)} is not null and substring(${sql(column)} from 1 for ${header.length}::int) <> ${header}
       ${after === null ? sql`` : sql`and ${sql(id)} > ${after}::uuid`}
     order by ${sql(id)} limit ${limit}`
}

/** Replaces values that are still unchanged. @returns how many were */
export async function replaceValues(
  sql: Db,
  { table, column, id }: EncryptedColumn,
  values: { id: string; before: Buffer; after: Buffer }[],
): Promise<number> {
  // As text: the driver would treat an array of Buffers as one value.
  const hex = (value: Buffer) => value.toString('hex')
  const replaced = await sql`
    update ${sql(table)} t set ${sql(column)} = decode(v.after, 'hex')
      from unnest(${values.map((value) => value.id)}::uuid[], ${values.map(({ before }) => hex(before))}::text[],
                  ${values.map(({ after }) => hex(after))}::text[]) as v (id, before, after)
     where t.${sql(id)} = v.id and t.${sql(column)} = decode(v.before, 'hex')`
  return replaced.count
}

/** The number of values with each header. */
export async function countHeaders(
  sql: Db,
  { table, column }: EncryptedColumn,
  length: number,
): Promise<{ header: Buffer; count: number }[]> {
  return sql<{ header: Buffer; count: number }[]>`
    select substring(${sql(column)} from 1 for ${length}::int) as header, count(*)::int as count
      from ${sql(table)} where ${sql(column)} is not null group by 1`
}
