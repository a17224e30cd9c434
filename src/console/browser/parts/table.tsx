import type { Child } from 'hono/jsx'
import { useTexts } from '../shell/texts.ts'

export type Column = { title: string; isNumber?: boolean }
export type Row = { key: string; cells: readonly Child[] }

type TableProps = {
  label: string
  columns: readonly Column[]
  rows: readonly Row[]
  /** Its rows are worked on: they hold longer texts and actions, and stand one below the other in a narrow window. */
  isWorked?: boolean
}

/** A table that scrolls sideways by itself where the window is too narrow; the first cell of a row names it. */
export function Table({ label, columns, rows, isWorked = false }: TableProps) {
  const t = useTexts()
  const kind = (i: number) => (columns[i]?.isNumber ? 'number' : undefined)
  // Of a table whose cells the style sheet stacks a browser may forget what they are.
  const as = (role: string) => (isWorked ? { role } : {})
  return (
    // It has the focus, so that whoever has only a keyboard scrolls it.
    <section class={isWorked ? 'table worked' : 'table'} aria-label={label} tabindex={0}>
      <table {...as('table')}>
        <thead {...as('rowgroup')}>
          <tr {...as('row')}>
            {columns.map(({ title }, i) => (
              <th scope="col" class={kind(i)} key={title} {...as('columnheader')}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody {...as('rowgroup')}>
          {rows.map(({ key, cells: [first, ...others] }) => (
            <tr key={key} {...as('row')}>
              <th scope="row" {...as('rowheader')}>
                {first}
              </th>
              {others.map((cell, i) => (
                <td class={kind(i + 1)} key={String(i)} data-title={columns[i + 1]?.title} {...as('cell')}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length === 0 && (
        <p class="hint" key="empty">
          {t.empty}
        </p>
      )}
    </section>
  )
}
