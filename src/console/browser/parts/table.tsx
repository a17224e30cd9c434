import type { Child } from 'hono/jsx'
import { useTexts } from '../shell/texts.ts'

export type Column = { title: string; isNumber?: boolean }
export type Row = { key: string; cells: readonly Child[] }

/** A table that scrolls sideways by itself where the window is too narrow; the first cell of a row names it. */
export function Table({ label, columns, rows }: { label: string; columns: readonly Column[]; rows: readonly Row[] }) {
  const t = useTexts()
  const kind = (i: number) => (columns[i]?.isNumber ? 'number' : undefined)
  return (
    // It has the focus, so that whoever has only a keyboard scrolls it.
    <section class="table" aria-label={label} tabindex={0}>
      <table>
        <thead>
          <tr>
            {columns.map(({ title }, i) => (
              <th scope="col" class={kind(i)} key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, cells: [first, ...others] }) => (
            <tr key={key}>
              <th scope="row">{first}</th>
              {others.map((cell, i) => (
                <td class={kind(i + 1)} key={String(i)}>
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
