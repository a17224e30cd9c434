import { useFormat } from '../../shell/format.ts'
import { useCatalogueTexts } from './texts.ts'

/** Says that something is not saved yet, and stays in sight until it is. */
export function Unsaved({
  count,
  onReview,
  onDiscard,
}: {
  count: number
  onReview: () => void
  onDiscard: () => void
}) {
  const t = useCatalogueTexts()
  const format = useFormat()
  return (
    <div role="status" class="unsaved">
      {count > 0 && (
        <p class="buttons" key="unsaved">
          <span>{t.unsaved(format.number(count))}</span>
          <button type="button" class="main" onClick={onReview}>
            {t.review}
          </button>
          <button type="button" onClick={onDiscard}>
            {t.discard}
          </button>
        </p>
      )}
    </div>
  )
}
