import type { GatedFigures } from './gated.ts'
import { faultsOf, type Result } from './run.ts'

const columns = [
  'case',
  'injected',
  'acknowledged',
  'lost',
  'doubled',
  'what clients were answered instead',
  'without a statement: p50 / p99 ms before → during',
  'ready again, s: median, worst',
  'verdict',
]

/** The results as a table in Markdown. */
export function toTable(results: readonly Result[], { isShort }: { isShort: boolean }): string {
  const rows = results.map((result) => toRow(result, isShort))
  return [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function toRow(result: Result, isShort: boolean): string[] {
  const { name } = result.case
  if (result.kind !== 'done') return [name, ...columns.slice(2).map(() => '–'), `${result.kind}: ${result.reason}`]
  const { injected, acknowledged, lost, doubled, errors, gated, recoveriesMs } = result.outcome
  return [
    name,
    `${injected}`,
    `${acknowledged}`,
    `${lost.length}`,
    `${doubled.length}`,
    list(errors),
    gated ? `${times(gated.calm)} → ${times(gated.during)}` : '–',
    recoveriesMs.length > 0 ? `${seconds(median(recoveriesMs))}, ${seconds(Math.max(...recoveriesMs))}` : '–',
    verdictOf(result, isShort),
  ]
}

function verdictOf(result: Result, isShort: boolean): string {
  if (faultsOf(result).length > 0) return 'FAILED'
  if (result.kind === 'skipped') return 'skipped'
  const missed = result.kind === 'done' && !isShort ? result.outcome.missed : []
  return missed.length === 0 ? 'held' : `held; goal missed: ${missed.join('; ')}`
}

function list(errors: ReadonlyMap<string, number>): string {
  const sorted = [...errors].sort(([, a], [, b]) => b - a)
  return sorted.map(([what, count]) => `${what} × ${count}`).join(', ') || 'nothing'
}

function times({ p50, p99, failed }: GatedFigures): string {
  const count = [...failed.values()].reduce((sum, one) => sum + one, 0)
  return `${p50.toFixed(1)} / ${p99.toFixed(1)}${count > 0 ? ` (${count} unanswered)` : ''}`
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

const seconds = (milliseconds: number): string => (milliseconds / 1000).toFixed(2)
