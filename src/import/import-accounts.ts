import { AppError, type FieldError } from '../errors/app-error.ts'
import { errorsOf, type NewAccount, type Rules, readAccount } from './accounts.ts'
import { type BatchOutcome, importBatch } from './batch.ts'
import type { ImportDeps } from './deps.ts'
import { createLineCheck, type LineCheckOptions } from './line-check.ts'
import { type Line, maxLineBytes } from './lines.ts'
import { countImported, type Summary } from './summary.ts'

/** A refused line with its errors. `text` null: it was too long or not UTF-8. */
export type Refusal = { line: number; errors: FieldError[]; text: string | null }

export type ImportOptions = LineCheckOptions & {
  /** Whether a line may assign a role with more rights than `user`. */
  allowRoles: boolean
  /** Called in the order of the lines, after the commit of their batch. */
  onRefused: (refusal: Refusal) => void
  /** Called after each batch. */
  onProgress: () => void
  /** Once aborted, the import ends after the batch in progress. */
  signal?: AbortSignal
}

type Entry = { line: Line } & (
  | { account: NewAccount; errors?: undefined }
  | { account?: undefined; errors: FieldError[] }
)

type Batch = { entries: Entry[]; emails: ReadonlySet<string> }
type Writing = Batch & { outcomes: Promise<Map<string, BatchOutcome>> }

/** As many batches as a command has connections; the next lines are read meanwhile. */
const batchesAtOnce = 2
const batchLines = 500
/** The most bytes of the lines of a batch. */
const batchBytes = 2 ** 20

/**
 * Imports accounts, one for each line, in batches of one transaction. Committed accounts stay: a second run over the
 * same lines finds them, and continues behind them.
 * @param summary is updated as batches are committed, so that it is right however the import ends
 * @throws AppError when the database is lost
 */
export async function importAccounts(
  deps: ImportDeps,
  lines: AsyncIterable<Line>,
  options: ImportOptions,
  summary: Summary,
): Promise<void> {
  const checkLine = createLineCheck(options)
  const writing: Writing[] = []

  async function settleFirst(): Promise<void> {
    const batch = writing.shift()
    if (!batch) return
    const outcomes = await batch.outcomes
    for (const { line, account, errors } of batch.entries) {
      const outcome = account && outcomes.get(account.id)
      const wrong = account && outcome ? checkLine(line.number, account, outcome) : (errors ?? [])
      summary.lines++
      summary.bytes += line.bytes
      if (wrong.length > 0) {
        summary.refused++
        options.onRefused({ line: line.number, errors: wrong, text: line.text ?? null })
      } else if (account && outcome === 'inserted') countImported(summary, account)
      else summary.skipped++
    }
    options.onProgress()
  }

  /** Waits for batches behind a failed one too: they may be committed. */
  async function settleAll(): Promise<void> {
    try {
      await settleFirst()
    } finally {
      if (writing.length > 0) await settleAll()
    }
  }

  try {
    for await (const batch of toBatches(deps, lines, options)) {
      // Of two lines with one address the first is imported, so batches that share an address do not run at once.
      while (writing.length === batchesAtOnce || writing.some(({ emails }) => !emails.isDisjointFrom(batch.emails)))
        await settleFirst()
      if (options.signal?.aborted) break
      const accounts = batch.entries.flatMap(({ account }) => account ?? [])
      const outcomes = importBatch(deps, accounts, options.isDryRun)
      // Awaited in its turn, which may be after it has failed.
      outcomes.catch(() => {})
      writing.push({ ...batch, outcomes })
    }
  } finally {
    await settleAll()
  }
}

async function* toBatches(
  { catalogue }: ImportDeps,
  lines: AsyncIterable<Line>,
  { allowRoles }: ImportOptions,
): AsyncGenerator<Batch> {
  let entries: Entry[] = []
  let emails = new Set<string>()
  let bytes = 0
  for await (const line of lines) {
    const entry = readEntry(line, { catalogue, allowRoles })
    if (entries.length === batchLines || (entries.length > 0 && bytes + line.bytes > batchBytes)) {
      yield { entries, emails }
      entries = []
      emails = new Set()
      bytes = 0
    }
    entries.push(entry)
    bytes += line.bytes
    if (entry.account) emails.add(entry.account.email)
  }
  if (entries.length > 0) yield { entries, emails }
}

function readEntry(line: Line, rules: Rules): Entry {
  if (line.text === undefined) return { line, errors: [unreadable[line.problem]] }
  try {
    return { line, account: readAccount(line.text, rules) }
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    return { line, errors: errorsOf(error) }
  }
}

const unreadable: Record<'too-long' | 'not-utf-8', FieldError> = {
  'too-long': { path: '', message: `A line has at most ${maxLineBytes} bytes.`, code: 'too-long' },
  'not-utf-8': { path: '', message: 'This is not UTF-8.', code: 'malformed-encoding' },
}
