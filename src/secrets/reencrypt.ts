import type { Db } from '../db/types.ts'
import type { EncryptedColumn } from './encrypted-column.ts'
import { countHeaders, listOldValues, replaceValues } from './queries.ts'
import type { Secrets } from './secrets.ts'

/** Values of one short statement: nobody waits for it. */
const batchSize = 500

export type Reencrypted = { renewed: number; unreadable: number }

/**
 * Encrypts a column's values anew that were encrypted under an earlier key, in batches, while others serve: what is changed or
 * removed meanwhile stays as they left it. Run again, it goes on where it was broken off.
 */
export async function reencrypt(sql: Db, secrets: Secrets, column: EncryptedColumn): Promise<Reencrypted> {
  const found: Reencrypted = { renewed: 0, unreadable: 0 }
  for (let after: string | null = null; ; ) {
    const rows: { id: string; value: Buffer }[] = await listOldValues(sql, column, secrets.currentHeader(), {
      after,
      limit: batchSize,
    })
    const renewed = rows.flatMap(({ id, value }) => {
      const place = { table: column.table, column: column.column, id }
      try {
        return [{ id, before: value, after: secrets.encrypt(secrets.decrypt(value, place), place) }]
      } catch {
        found.unreadable++
        return []
      }
    })
    if (renewed.length > 0) found.renewed += await replaceValues(sql, column, renewed)
    after = rows.at(-1)?.id ?? null
    if (rows.length < batchSize) return found
  }
}

/** How many values of a column stand under the key in force, under an earlier one at hand, and under none. */
export async function countByKey(
  sql: Db,
  secrets: Secrets,
  column: EncryptedColumn,
): Promise<{ current: number; earlier: number; unknown: number }> {
  const counts = { current: 0, earlier: 0, unknown: 0 }
  for (const { header, count } of await countHeaders(sql, column, secrets.currentHeader().length))
    counts[secrets.isCurrent(header) ? 'current' : secrets.isKnown(header) ? 'earlier' : 'unknown'] += count
  return counts
}
