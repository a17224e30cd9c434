import type { Actor } from '../access/actor.ts'
import { account } from '../audit/actor.ts'
import { AppError } from '../errors/app-error.ts'
import { throwIfExceeded } from '../rate-limits/result.ts'
import type { AccountDeps } from './deps.ts'
import { exportedParts } from './personal-data.ts'
import { insertOwnAudit } from './queries.ts'

/** Rows per statement, which bounds an export's memory. No snapshot is held open across statements. */
const pageSize = 500
/** Exports in an hour: each adds an audit row. */
const maxPerHour = 20

/**
 * Everything that is stored about the person (GDPR 15 and 20), as a stream that reads from the database page by page, at the client's
 * pace. A row that changes meanwhile appears in its old or its new form. The export is audited first.
 * @throws AppError `rate-limited` past 20 an hour or while another one is open, `overloaded` while very many are, `account-disabled`
 */
export async function exportAccount(
  deps: AccountDeps,
  actor: Actor,
  format: 'json' | 'csv',
): Promise<ReadableStream<Uint8Array>> {
  const { accountId } = actor.principal
  const result = await deps.limits.exports?.consume(accountId, maxPerHour)
  if (result) {
    deps.reportLimit(result)
    throwIfExceeded(result)
  }
  return deps.streams.open(accountId, async () => {
    await Promise.all([deps.usage.flushOf(accountId), deps.apiKeys.flush()])
    const at = new Date(deps.now())
    const audit = deps.audit.row(actor, 'account.export', account(accountId), { details: { format } })
    if (!(await insertOwnAudit(deps.sql, accountId, audit))) throw new AppError('account-disabled')
    return format === 'json' ? toJson(deps, accountId, at) : toCsv(deps, accountId, at)
  })
}

/** The pages of each part, oldest rows first. */
async function* pagesOf({ sql }: AccountDeps, accountId: string, at: Date) {
  for (const { part, page } of exportedParts) {
    let after: string[] | null = null
    let shown = 0
    for (;;) {
      const rows: Awaited<ReturnType<typeof page>> = await page(sql, accountId, after, pageSize, at)
      after = rows.at(-1)?.key ?? null
      yield { part, rows: rows.map(({ row }) => row), shown, isLast: rows.length < pageSize }
      shown += rows.length
      if (rows.length < pageSize) break
    }
  }
}

/** One object with a list for each part. */
async function* toJson(deps: AccountDeps, accountId: string, at: Date): AsyncGenerator<string> {
  yield `{"exportedAt":${JSON.stringify(at)}`
  for await (const { part, rows, shown, isLast } of pagesOf(deps, accountId, at)) {
    const begin = shown === 0 ? `,${JSON.stringify(part)}:[` : rows.length > 0 ? ',' : ''
    yield begin + rows.join() + (isLast ? ']' : '')
  }
  yield '}'
}

/** One CSV table: part, row, field, value. Cells that a spreadsheet would run as a formula are escaped (OWASP, CSV injection). */
async function* toCsv(deps: AccountDeps, accountId: string, at: Date): AsyncGenerator<string> {
  const { stringify } = await import('csv-stringify/sync')
  const toLines = (cells: (string | number)[][]) => stringify(cells, { escape_formulas: true })
  yield toLines([
    ['part', 'row', 'field', 'value'],
    ['export', 1, 'exportedAt', at.toISOString()],
  ])
  for await (const { part, rows, shown } of pagesOf(deps, accountId, at)) {
    const cells = rows.flatMap((row, index) =>
      Object.entries(JSON.parse(row)).map(([field, value]) => [part, shown + index + 1, field, toCell(value)]),
    )
    if (cells.length > 0) yield toLines(cells)
  }
}

function toCell(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
