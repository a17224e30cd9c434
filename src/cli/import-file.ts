import { statSync } from 'node:fs'
import { importAccounts } from '../import/import-accounts.ts'
import { readLines } from '../import/lines.ts'
import { createSummary, describeProgress, describeSummary, type Summary } from '../import/summary.ts'
import { type Invocation, withDeps } from './command.ts'
import { isSameFile, openRefusals } from './refusals.ts'
import { signalToStop } from './signals.ts'

export const importUsage = `Accounts of another system, a JSON object a line (NDJSON), FILE or - for standard input:

  import FILE [--dry-run] [--on-conflict skip|fail] [--allow-roles] [--refused FILE]

  {"email", "passwordHash"?, "emailVerified"?, "firstName"?, "lastName"?, "phoneNumber"?, "language"?, "timezone"?,
   "role"?, "plan"?, "planEndsAt"?, "status"?: "active" or "locked", "createdAt"?}

  passwordHash    bcrypt ($2a$ $2b$ $2y$, cost up to 14), or argon2 (64 MiB, t=10), scrypt (ln=17) or PBKDF2 (2,000,000)
                  as a PHC string; people keep their passwords
  --dry-run       check every line, and write nothing
  --on-conflict   what becomes of a line whose address has an account: skip (leave both as they are; the default) or fail (refuse it)
  --allow-roles   let lines give roles that grant more than "user"
  --refused FILE  where refused lines go, each with its reason: FILE.refused.ndjson unless said otherwise

Whatever ends an import: run it again. What is in stays as it is, and the rest follows.
It exits 0 when every line is in, 3 when some are refused. docs/moving-in.md tells the whole way.`

/** `import`: imports accounts of another system from a file or standard input. */
export async function runImport(invocation: Invocation): Promise<number> {
  const { args, options, print } = invocation
  const [file, ...rest] = args
  const onConflict = options['on-conflict'] ?? 'skip'
  if (file === undefined || rest.length > 0 || (onConflict !== 'skip' && onConflict !== 'fail')) {
    printLine(importUsage)
    return 64
  }
  const source = file === '-' ? { stream: () => Bun.stdin.stream(), size: null } : openSource(file)
  const refusedFile = options.refused ?? (file === '-' ? null : `${file}.refused.ndjson`)
  if (refusedFile !== null && isSameFile(file, refusedFile)) {
    printLine('--refused names the file that is imported: name another.')
    return 64
  }
  const isDryRun = options['dry-run'] === true
  const signal = signalToStop()
  return withDeps(invocation, async (deps) => {
    const refusals = openRefusals(refusedFile)
    const summary = createSummary()
    let isWhole = false
    try {
      await importAccounts(
        deps,
        readLines(source.stream()),
        {
          isDryRun,
          onConflict,
          allowRoles: options['allow-roles'] === true,
          onRefused: refusals.add,
          onProgress: () => showProgress(summary, source.size),
          signal,
        },
        summary,
      )
      isWhole = !signal.aborted
    } finally {
      refusals.close()
      if (process.stderr.isTTY) printLine('')
      for (const sentence of describeSummary(summary, isDryRun, refusedFile)) print(sentence)
      if (!isWhole) print('Stopped before the end. Run it again: what is in stays as it is, and the rest follows.')
    }
    if (!isWhole) return 1
    return summary.refused > 0 ? 3 : 0
  })
}

/** @throws Error that names the file */
function openSource(file: string) {
  const found = statSync(file, { throwIfNoEntry: false })
  if (!found) throw new Error(`${file}: there is no such file`)
  if (found.isDirectory()) throw new Error(`${file}: this is a directory`)
  return { stream: () => Bun.file(file).stream(), size: found.isFile() ? found.size : null }
}

/** Shown on a terminal only: elsewhere it would fill a log. */
function showProgress(summary: Summary, size: number | null): void {
  if (!process.stderr.isTTY) return
  process.stderr.write(`\r\x1b[K${describeProgress(summary, size ? summary.bytes / size : null)}`)
}

/** Messages go to standard error: standard output has the summary. */
function printLine(text: string): void {
  process.stderr.write(`${text}\n`)
}
