import { AppError, type FieldError } from '../errors/app-error.ts'
import { errorsOf, type NewAccount, type Rules, readAccount } from './accounts.ts'
import { type BatchOutcome, importBatch } from './batch.ts'
import type { ImportDeps } from './deps.ts'
import { createJudge, type JudgementOptions } from './judgement.ts'
import { type Line, maxLineBytes } from './lines.ts'
import { countImported, type Summary } from './summary.ts'

/** A line that is not imported, and why. `text` null: it was too long to keep, or no UTF-8. */
export type Refusal = { line: number; errors: FieldError[]; text: string | null }

export type ImportOptions = JudgementOptions & {
  /** Whether a line may give a role that grants more than `user`. */
  allowRoles: boolean
  /** Called in the order of the lines, once what the line's batch did is committed. */
  onRefused: (refusal: Refusal) => void
  /** Called after each batch. */
  onProgress: () => void
  /** Once aborted, the import ends after the batch that is under way. */
  signal?: AbortSignal
}

type Entry = { line: Line } & (
  | { account: NewAccount; errors?: undefined }
  | { account?: undefined; errors: FieldError[] }
)

const batchLines = 1_000
/** A batch of long lines is cut before it takes much memory. */
const batchBytes = 2 ** 20

/**
 * Imports accounts, a line each, in batches of one transaction. What is in stays in: a second run over the same lines finds
 * those accounts here, and goes on behind them.
 * @param summary is added to as batches are committed, so that it is right whatever ends the import
 * @throws AppError when the database is lost
 */
export async function importAccounts(
  deps: ImportDeps,
  lines: AsyncIterable<Line>,
  options: ImportOptions,
  summary: Summary,
): Promise<void> {
  const judge = createJudge(options)

  async function write(entries: Entry[]): Promise<void> {
    const accounts = entries.flatMap(({ account }) => account ?? [])
    const outcomes = accounts.length > 0 ? await importBatch(deps, accounts, options.isDryRun) : new Map()
    for (const { line, account, errors } of entries) {
      const outcome: BatchOutcome | undefined = outcomes.get(account?.id)
      const wrong = account && outcome ? judge(line.number, account, outcome) : (errors ?? [])
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

  // The next batch is read while the database writes this one.
  let writing: Promise<void> = Promise.resolve()
  for await (const batch of toBatches(deps, lines, options)) {
    await writing
    if (options.signal?.aborted) return
    writing = write(batch)
    // It is awaited above or below, which may be later than it fails.
    writing.catch(() => {})
  }
  await writing
}

async function* toBatches(
  { catalogue }: ImportDeps,
  lines: AsyncIterable<Line>,
  { allowRoles }: ImportOptions,
): AsyncGenerator<Entry[]> {
  let entries: Entry[] = []
  let emails = new Set<string>()
  let bytes = 0
  for await (const line of lines) {
    const entry = readEntry(line, { catalogue, allowRoles })
    const email = entry.account?.email
    // The database judges the first of two lines with one address before it judges the second.
    const isRepeated = email !== undefined && emails.has(email)
    if (entries.length > 0 && (entries.length === batchLines || bytes + line.bytes > batchBytes || isRepeated)) {
      yield entries
      entries = []
      emails = new Set()
      bytes = 0
    }
    entries.push(entry)
    bytes += line.bytes
    if (email !== undefined) emails.add(email)
  }
  if (entries.length > 0) yield entries
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
