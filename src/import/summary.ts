import type { NewAccount } from './accounts.ts'

/** The counts of an import so far. */
export type Summary = {
  lines: number
  bytes: number
  imported: number
  /** Accounts whose address already had an account. */
  skipped: number
  refused: number
  withoutPassword: number
  /** Accounts with a plan without an end, by plan. */
  endless: Map<string, number>
  /** Accounts with a role other than `user` and `subscriber`, by role. */
  roles: Map<string, number>
}

/** The counts of an import, all zero. */
export function createSummary(): Summary {
  return {
    lines: 0,
    bytes: 0,
    imported: 0,
    skipped: 0,
    refused: 0,
    withoutPassword: 0,
    endless: new Map(),
    roles: new Map(),
  }
}

/** Counts an imported account. */
export function countImported(summary: Summary, { passwordHash, plan, planEndsAt, role }: NewAccount): void {
  summary.imported++
  if (passwordHash === null) summary.withoutPassword++
  if (plan !== 'free' && planEndsAt === null) add(summary.endless, plan)
  if (role !== 'user' && role !== 'subscriber') add(summary.roles, role)
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}

const figure = (count: number): string => count.toLocaleString('en')
const list = (counts: Map<string, number>): string =>
  [...counts].map(([name, count]) => `${figure(count)} × ${name}`).join(', ')

/** The progress of an import, for a terminal. @param share of the file that was read, 0–1; null: unknown */
export function describeProgress({ lines, imported, skipped, refused }: Summary, share: number | null): string {
  const read = share === null ? `${figure(lines)} lines` : `${Math.floor(share * 100)} % · ${figure(lines)} lines`
  return `${read} · ${figure(imported)} imported · ${figure(skipped)} here already · ${figure(refused)} refused`
}

/** The result of an import, in sentences. @param refusedFile the path of the refused lines; null: standard error */
export function describeSummary(summary: Summary, isDryRun: boolean, refusedFile: string | null): string[] {
  const { lines, imported, skipped, refused, withoutPassword, endless, roles } = summary
  const places = refusedFile === null ? 'standard error' : refusedFile
  return [
    `${figure(lines)} lines: ${figure(imported)} accounts ${isDryRun ? 'would be imported' : 'imported'}, ${figure(skipped)} here already, ${figure(refused)} refused.`,
    ...(refused > 0 ? [`The refused lines, each with its reason: ${places}`] : []),
    ...(endless.size > 0 ? [`Plans granted without an end: ${list(endless)}. With planEndsAt a plan ends.`] : []),
    ...(roles.size > 0 ? [`Roles given: ${list(roles)}.`] : []),
    ...(withoutPassword > 0
      ? [`${figure(withoutPassword)} have no password: they set one by a reset mail ("forgot password").`]
      : []),
    ...(isDryRun ? ['Nothing was written: it was a dry run.'] : []),
  ]
}
