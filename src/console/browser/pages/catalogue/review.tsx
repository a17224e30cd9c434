import type { Child } from 'hono/jsx'
import { useState } from 'hono/jsx/dom'
import { isChangedMeanwhile } from '../../calls/tagged.ts'
import { Dialog } from '../../parts/dialog.tsx'
import { Form } from '../../parts/form.tsx'
import { useTexts } from '../../shell/texts.ts'
import type { Staged } from './staged.ts'
import { useCatalogueTexts } from './texts.ts'

type ReviewProps = {
  staged: Staged
  titleOf: (row: string) => string
  affected: (column: string) => Child
  /** Saves one column. @throws ProblemError 412 where it was changed since it was loaded */
  save: (column: string) => Promise<void>
  /** Loads the current state; staged changes remain. */
  reload: () => void
  onClose: () => void
}

/**
 * Lists the staged changes and the people affected, before they are saved. Concurrent changes of others are shown, and
 * not overwritten.
 */
export function Review({ staged, titleOf, affected, save, reload, onClose }: ReviewProps) {
  const t = useCatalogueTexts()
  const shared = useTexts()
  const [conflict, setConflict] = useState<string | null>(null)
  async function saveAll(): Promise<void> {
    for (const column of staged.columns) {
      try {
        await save(column)
      } catch (failure) {
        if (!isChangedMeanwhile(failure)) throw failure
        setConflict(column)
        reload()
        return
      }
    }
    onClose()
  }
  return (
    <Dialog title={t.review} onClose={onClose}>
      {conflict !== null && (
        <p class="problem" role="alert" key="conflict">
          {t.changedMeanwhile(conflict)}
        </p>
      )}
      {staged.columns.map((column) => (
        <section key={column}>
          <h3>{column}</h3>
          <ul class="consequences">
            {staged.changes
              .filter((one) => one.column === column)
              .map(({ row, cell }) => (
                <li key={row}>
                  {cell.isHeld
                    ? t.gets(titleOf(row), cell.limit === null ? '' : String(cell.limit))
                    : t.loses(titleOf(row))}
                </li>
              ))}
          </ul>
          {affected(column)}
        </section>
      ))}
      <p>{t.fromNextRequest}</p>
      <Form submit={shared.save} onSubmit={saveAll} onCancel={onClose} fields={() => null} />
    </Dialog>
  )
}
