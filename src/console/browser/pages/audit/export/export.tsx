import { Problem } from '../../../parts/problem.tsx'
import { useFormat } from '../../../shell/format.ts'
import { useTexts } from '../../../shell/texts.ts'
import { useStore } from '../../../store.ts'
import type { Filter } from '../filter.ts'
import { useAuditTexts } from '../texts.ts'
import { beginExport, cancelExport, type ExportFormat, type Exporting, exporting, formats } from './exporting.ts'
import type { Written } from './write-lines.ts'

/** Exports all entries that match the filter to a file, and says so where the file is incomplete. */
export function Export({ filter }: { filter: Filter }) {
  const t = useAuditTexts()
  const shared = useTexts()
  const now = useStore(exporting)
  const amount = useAmount()
  const isUnderWay = now.kind === 'under-way'
  return (
    <section class="export" aria-label={t.export}>
      <p class="buttons">
        {!isUnderWay &&
          formats.map((format) => (
            <button type="button" key={format} onClick={() => void beginExport(filter, format)}>
              {t.exportAs[format]}
            </button>
          ))}
        {isUnderWay && (
          <span key="progress">
            <progress aria-label={t.export} /> {amount(now.so, now.format)}
          </span>
        )}
        {isUnderWay && (
          <button type="button" key="cancel" onClick={cancelExport}>
            {shared.cancel}
          </button>
        )}
      </p>
      <ExportStatus now={now} />
      {now.kind === 'refused' && <Problem key="problem" failure={now.failure} />}
    </section>
  )
}

/** The state of the export. Screen readers announce only its beginning and end. */
function ExportStatus({ now }: { now: Exporting }) {
  const t = useAuditTexts()
  const amount = useAmount()
  const text = () => {
    switch (now.kind) {
      case 'under-way':
        return t.exportBegun
      case 'cancelled':
        return t.exportCancelled
      case 'ended':
        return t.exportEnds[now.end.how](amount(now.end, now.format), now.name)
      default:
        return ''
    }
  }
  const isIncomplete = now.kind === 'ended' && now.end.how !== 'whole'
  return (
    <p class={isIncomplete ? 'problem' : 'hint'} role="status">
      {text()}
    </p>
  )
}

/** The number of entries in words. The first line of a CSV file is its header. */
function useAmount(): (so: Written, format: ExportFormat) => string {
  const t = useAuditTexts()
  const format = useFormat()
  return ({ lines, bytes }, kind) => {
    const entries = Math.max(0, kind === 'csv' ? lines - 1 : lines)
    const size =
      bytes < 1e6
        ? t.kilobytes(format.number(Math.ceil(bytes / 1e3)))
        : t.megabytes(format.number(Math.round(bytes / 1e5) / 10))
    return `${t.entriesOf(format.number(entries))}, ${size}`
  }
}
