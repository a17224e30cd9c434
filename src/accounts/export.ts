import { stringify } from 'csv-stringify/sync'
import type { Principal } from '../access/principal.ts'
import { type Client, record } from '../audit/record.ts'
import type { Deps } from '../deps.ts'
import { findExport } from './export-queries.ts'

/** Everything that is kept about the person; that it was read is audited, after the reading. */
export async function exportAccount(deps: Deps, { accountId }: Principal, client: Client, format: 'json' | 'csv') {
  await Promise.all([deps.usage.settle(), deps.apiKeys.settle()])
  return deps.sql.begin(async (tx) => {
    const parts = await findExport(tx, accountId)
    await record(tx, deps.audit, {
      action: 'account.export',
      actorId: accountId,
      entityType: 'account',
      entityId: accountId,
      client,
      details: { format },
    })
    return { exportedAt: new Date(deps.now()), ...parts }
  })
}

/** An export as one table: part, row, field, value. Cells that a spreadsheet would run as a formula are neutralised. */
export function toCsv({ exportedAt, ...parts }: Awaited<ReturnType<typeof exportAccount>>): string {
  const cells = Object.entries(parts).flatMap(([part, rows]) =>
    rows.flatMap((row, index) => Object.entries(row).map(([field, value]) => [part, index + 1, field, toCell(value)])),
  )
  return stringify(
    [['part', 'row', 'field', 'value'], ['export', 1, 'exportedAt', exportedAt.toISOString()], ...cells],
    { escape_formulas: true },
  )
}

function toCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
