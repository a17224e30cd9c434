import { useTexts } from '../../shell/texts.ts'
import type { Staged } from './staged.ts'
import { useCatalogueTexts } from './texts.ts'

export type Line = { name: string; title: string; note?: string }
type MatrixColumn = Line & {
  isFixed: boolean
  onEdit: () => void
  more?: { label: string; onPress: () => void }
}
type MatrixProps = {
  label: string
  columns: readonly MatrixColumn[]
  rows: readonly (Line & { onEdit?: () => void })[]
  staged: Staged
  hasLimits?: boolean
}

/** The table of roles by permissions, or plans by features. Changes are marked until they are saved. */
export function Matrix({ label, columns, rows, hasLimits = false, staged }: MatrixProps) {
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
                <Box key={column.name} column={column} row={row} hasLimits={hasLimits} staged={staged} />
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

type BoxProps = Pick<MatrixProps, 'staged'> & {
  column: MatrixColumn
  row: Line
  hasLimits: boolean
}

function Box({ column, row, hasLimits, staged }: BoxProps) {
  const t = useCatalogueTexts()
  const shared = useTexts()
  const cell = staged.cellOf(column.name, row.name)
  const name = `${row.title}: ${column.title}`
  return (
    <td class={staged.isChanged(column.name, row.name) ? 'changed' : undefined}>
      <input
        type="checkbox"
        aria-label={name}
        checked={cell.isHeld}
        disabled={column.isFixed}
        onChange={(event: Event) =>
          staged.change(column.name, row.name, { ...cell, isHeld: (event.currentTarget as HTMLInputElement).checked })
        }
      />
      {hasLimits && cell.isHeld && (
        <input
          key="limit"
          type="text"
          inputmode="numeric"
          pattern="\s*\d{0,15}\s*"
          title={t.emptyIsNone}
          class="limit"
          aria-label={t.limitOf(name)}
          placeholder={shared.unlimited}
          value={cell.limit === null ? '' : String(cell.limit)}
          disabled={column.isFixed}
          onChange={(event: Event) => {
            const field = event.currentTarget as HTMLInputElement
            // Text that is no number is reported, and never counts as unlimited.
            if (!field.reportValidity()) return
            const text = field.value.trim()
            staged.change(column.name, row.name, { ...cell, limit: text === '' ? null : Number(text) })
          }}
        />
      )}
    </td>
  )
}
