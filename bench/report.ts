/** A figure and its goal; `met` is null without a goal. */
export type Figure = { what: string; figure: string; goal: string; met: boolean | null }

/** A table in Markdown with aligned columns. */
export function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const toLine = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  return [toLine(head), toLine(widths.map((width) => '-'.repeat(width))), ...rows.map(toLine)].join('\n')
}

export function toFigureTable(figures: readonly Figure[]): string {
  const verdict = (met: boolean | null) => (met === null ? '' : met ? 'pass' : 'FAIL')
  return toTable(
    ['what', 'measured', 'goal', ''],
    figures.map(({ what, figure, goal, met }) => [what, figure, goal, verdict(met)]),
  )
}

export const ms = (milliseconds: number): string => `${milliseconds.toFixed(1)} ms`

/** A figure without a goal. */
export const plain = (what: string, figure: string): Figure => ({ what, figure, goal: '', met: null })

/** A ratio with its goal; NaN was not measured. */
export const atLeast = (what: string, value: number, goal: number): Figure => ({
  what,
  figure: value.toFixed(2),
  goal: `≥ ${goal.toFixed(2)}`,
  met: Number.isNaN(value) ? null : value >= goal,
})
