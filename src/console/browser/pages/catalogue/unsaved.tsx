import { useFormat } from '../../shell/format.ts'
import type { Staged } from './staged.ts'
import { useCatalogueTexts } from './texts.ts'

/** A bar that is visible while there are unsaved changes. */
export function Unsaved({ staged, onReview }: { staged: Staged; onReview: () => void }) {
  const t = useCatalogueTexts()
  const format = useFormat()
  return (
    <div role="status" class="unsaved">
      {staged.changes.length > 0 && (
        <p class="buttons" key="unsaved">
          <span>{t.unsaved(format.number(staged.changes.length))}</span>
          <button type="button" class="main" onClick={onReview}>
            {t.review}
          </button>
          <button type="button" onClick={() => staged.drop()}>
            {t.discard}
          </button>
        </p>
      )}
    </div>
  )
}
