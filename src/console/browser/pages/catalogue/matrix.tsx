import { useTexts } from '../../shell/texts.ts'
import { useCatalogueTexts } from './texts.ts'

/** Whether a column has a row, and up to which number; null: without a limit. */
export type Cell = { isHeld: boolean; limit: number | null }
export type Line = { name: string; title: string; note?: string }
export type MatrixColumn = Line & {
  isFixed: boolean
  onEdit: () => void
  more?: { label: string; onPress: () => void }
}
type MatrixProps = {
  label: string
  columns: readonly MatrixColumn[]
  rows: readonly (Line & { onEdit?: () => void })[]
  cellOf: (column: string, row: string) => Cell
  isChanged: (column: string, row: string) => boolean
  onChange: (column: string, row: string, cell: Cell) => void
  hasLimits?: boolean
}

/** What holds what. A change is marked until it is saved. */
export function Matrix({ label, columns, rows, hasLimits = false, ...cells }: MatrixProps) {
  const t = useCatalogueTexts()
  return (
    <section class="table matrix" aria-label={label} tabindex={0}>
      <table>
        <thead>
          <tr>
            <th scope="col">{label}</th>
            {columns.map(({ name, title, note, isFixed, onEdit, more }) => (
              <th scope="col" key={name}>
                {title}
                {note && <span class="hint">{note}</span>}
                {!isFixed && (
                  <button type="button" class="quiet" key="edit" aria-label={t.editOf(title)} onClick={onEdit}>
                    {t.edit}
                  </button>
                )}
                {more && (
                  <button
                    type="button"
                    class="quiet"
                    key="more"
                    aria-label={`${more.label}: ${title}`}
                    onClick={more.onPress}
                  >
                    {more.label}
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name}>
              <th scope="row">
                {row.title}
                {row.note && <span class="hint">{row.note}</span>}
                {row.onEdit && (
                  <button type="button" class="quiet" key="edit" aria-label={t.editOf(row.title)} onClick={row.onEdit}>
                    {t.edit}
                  </button>
                )}
              </th>
              {columns.map((column) => (
                <Box key={column.name} column={column} row={row} hasLimits={hasLimits} {...cells} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

type BoxProps = Pick<MatrixProps, 'cellOf' | 'isChanged' | 'onChange'> & {
  column: MatrixColumn
  row: Line
  hasLimits: boolean
}

function Box({ column, row, hasLimits, cellOf, isChanged, onChange }: BoxProps) {
  const t = useCatalogueTexts()
  const shared = useTexts()
  const cell = cellOf(column.name, row.name)
  const name = `${row.title}: ${column.title}`
  return (
    <td class={isChanged(column.name, row.name) ? 'changed' : undefined}>
      <input
        type="checkbox"
        aria-label={name}
        checked={cell.isHeld}
        disabled={column.isFixed}
        onChange={(event: Event) =>
          onChange(column.name, row.name, { ...cell, isHeld: (event.currentTarget as HTMLInputElement).checked })
        }
      />
      {hasLimits && cell.isHeld && (
        <input
          key="limit"
          type="text"
          inputmode="numeric"
          class="limit"
          aria-label={t.limitOf(name)}
          placeholder={shared.unlimited}
          value={cell.limit === null ? '' : String(cell.limit)}
          disabled={column.isFixed}
          onChange={(event: Event) => {
            const text = (event.currentTarget as HTMLInputElement).value.trim()
            onChange(column.name, row.name, { ...cell, limit: /^\d{1,15}$/.test(text) ? Number(text) : null })
          }}
        />
      )}
    </td>
  )
}
