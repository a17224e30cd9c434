import type { Db } from '../db/types.ts'
import type { EncryptedColumn } from './encrypted-column.ts'
import { countHeaders, listOldValues, replaceValues } from './queries.ts'
import type { Secrets } from './secrets.ts'

/** Values of one statement, few enough that no row is locked for long. */
const batchSize = 500

type Reencrypted = { renewed: number; unreadable: number }

/**
 * Encrypts again those values of a column that were encrypted under an earlier key, in batches, while instances serve:
 * values changed or deleted meanwhile are left alone. An interrupted run can be repeated.
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

/**
 * The number of values of a column under the current key, under an earlier one that is configured, and under an unknown
 * one.
 */
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
