import type { Child } from 'hono/jsx'
import { useTexts } from '../shell/texts.ts'

export type Column = { title: string; isNumber?: boolean }
export type Row = { key: string; cells: readonly Child[] }

type TableProps = {
  label: string
  columns: readonly Column[]
  rows: readonly Row[]
  /** Rows with longer texts and actions, stacked in a narrow window. */
  isWorked?: boolean
}

/** A table that scrolls sideways where the window is too narrow; the first cell of a row is its header. */
export function Table({ label, columns, rows, isWorked = false }: TableProps) {
  const t = useTexts()
  const kind = (i: number) => (columns[i]?.isNumber ? 'number' : undefined)
  // Browsers may drop the table roles of cells that the style sheet stacks.
  const as = (role: string) => (isWorked ? { role } : {})
  return (
    // Focusable, so that it can be scrolled by keyboard.
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
