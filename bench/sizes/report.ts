import type { JobCost } from './jobs.ts'
import type { Cost, TableSize } from './measure.ts'

type SizeFigures = {
  accounts: number
  filledInSeconds: number
  costs: Cost[]
  jobs: JobCost[]
  tables: TableSize[]
}
export type Figures = { machine: string; sizes: SizeFigures[] }
type Table = readonly [title: string, head: string[], rows: string[][]]

/**
 * A cost that grows less than threefold counts as flat: an index is a level or two deeper for a thousand times as many
 * accounts.
 */
const flatUpTo = 3

/** The figures as tables: requests, jobs, bytes. */
export function tablesOf({ sizes }: Figures): Table[] {
  const head = sizes.map(({ accounts }) => accounts.toLocaleString('en'))
  const [smallest, largest] = [sizes[0], sizes.at(-1)]
  const costs = (largest?.costs ?? []).map(({ name }) => {
    const found = sizes.map(({ costs: all }) => all.find((cost) => cost.name === name))
    const [first, last] = [smallest?.costs.find((cost) => cost.name === name), found.at(-1)]
    const growth = first && last ? last.blocks / Math.max(1, first.blocks) : 0
    return [name, ...found.map(toCell), growth <= flatUpTo ? 'flat' : `× ${growth.toFixed(1)}`]
  })
  const cores = (largest?.costs ?? []).map(({ name, statements, programMs, databaseMs }) => [
    name,
    statements.toFixed(1),
    programMs.toFixed(2),
    databaseMs.toFixed(2),
  ])
  // The trail is verified at the smaller sizes only.
  const named = new Map(sizes.flatMap(({ jobs: all }) => all.map(({ name, result }) => [name, result] as const)))
  const jobs = [...named].map(([name, result]) => [
    name,
    ...sizes.map(({ jobs: all }) => {
      const job = all.find((each) => each.name === name)
      return job
        ? `${job.seconds.toFixed(2)} s, ${Math.round(job.blocks).toLocaleString('en')}, ${job.walMegabytes.toFixed(0)}`
        : ''
    }),
    result,
  ])
  const total = largest?.tables.reduce((sum, { heap, indexes }) => sum + heap + indexes, 0) ?? 0
  const tables = (largest?.tables ?? [])
    .filter(({ rows }) => rows > (largest?.accounts ?? 0) / 1000)
    .map(({ name, rows, heap, indexes }) => [
      name,
      Math.round(rows).toLocaleString('en'),
      `${Math.round(heap / rows)}`,
      `${Math.round(indexes / rows)}`,
      `${(((heap + indexes) * 100) / total).toFixed(1)} %`,
    ])
  return [
    ['Requests: p50 / p99 in ms, pages touched (of them not in memory)', ['', ...head, 'pages'], costs],
    [`Milliseconds of a core at ${head.at(-1)} accounts`, ['', 'statements', 'program', 'PostgreSQL'], cores],
    ['Jobs: time, pages, MB of log; what the last did', ['', ...head, 'did'], jobs],
    [
      `Bytes of a row at ${head.at(-1)} accounts; ${Math.round(total / (largest?.accounts ?? 1)).toLocaleString('en')} an account in all`,
      ['table', 'rows', 'row', 'its indexes', 'share'],
      tables,
    ],
    ['Filled in', ['', ...head], [['seconds', ...sizes.map(({ filledInSeconds }) => filledInSeconds.toFixed(0))]]],
  ]
}

function toCell(cost: Cost | undefined): string {
  if (!cost) return ''
  const read = cost.read >= 0.5 ? ` (${Math.round(cost.read)})` : ''
  return `${cost.p50.toFixed(1)} / ${cost.p99.toFixed(1)}, ${Math.round(cost.blocks).toLocaleString('en')}${read}`
}
