import { Table } from './table.tsx'

type Bar = { name: string; value: number; texts: readonly string[] }

/** Shares as bars within a table, with their figures beside them. */
export function Bars({ label, columns, bars }: { label: string; columns: readonly string[]; bars: readonly Bar[] }) {
  const most = Math.max(1, ...bars.map(({ value }) => value))
  const [first = '', ...others] = columns
  return (
    <Table
      label={label}
      columns={[{ title: first }, ...others.map((title) => ({ title, isNumber: true }))]}
      rows={bars.map(({ name, value, texts }) => ({
        key: name,
        cells: [
          <span class="barred" key="name">
            {name}
            {value > 0 && (
              <span key="bar" class="bar" aria-hidden="true" style={{ width: `${(100 * value) / most}%` }} />
            )}
          </span>,
          ...texts,
        ],
      }))}
    />
  )
}
