import { type ImportOptions, importAccounts, type Refusal } from '../../src/import/import-accounts.ts'
import { readLines } from '../../src/import/lines.ts'
import { createSummary } from '../../src/import/summary.ts'
import type { TestApp } from '../support/app.ts'

/** Imports values, or texts as they are, a line each; `refused` has a line's number with the path and code of each error. */
export async function importLines(
  { deps }: TestApp,
  lines: unknown[],
  options: Partial<Omit<ImportOptions, 'onRefused'>> = {},
  summary = createSummary(),
) {
  const refusals: Refusal[] = []
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n')
  await importAccounts(
    deps,
    readLines(new Blob([text]).stream()),
    {
      isDryRun: false,
      onConflict: 'skip',
      allowRoles: false,
      onProgress: () => {},
      ...options,
      onRefused: (refusal) => refusals.push(refusal),
    },
    summary,
  )
  const refused = refusals.flatMap(({ line, errors }) => errors.map(({ path, code }) => [line, path, code] as const))
  return { summary, refusals, refused }
}

/** A bcrypt hash as another system made it. */
export const bcrypt = (password: string): Promise<string> =>
  Bun.password.hash(password, { algorithm: 'bcrypt', cost: 4 })
