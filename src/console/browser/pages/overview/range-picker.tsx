import { setQuery, useRoute } from '../../shell/router.tsx'
import { presetOf, presets, type Range } from './range.ts'
import { useOverviewTexts } from './texts.ts'

/** The choice of the range of days. It is in the query, so that a link shows the same. */
export function RangePicker({ range }: { range: Range }) {
  const t = useOverviewTexts()
  const { query } = useRoute()
  const chosen = presetOf(query)
  const chooseDay = (change: Partial<Range>) => {
    const next = { ...range, ...change }
    if (next.from && next.to && next.from <= next.to) setQuery({ ...next, days: null })
  }
  return (
    <fieldset class="range" aria-label={t.range}>
      <p class="choices">
        {presets.map((days) => (
          <button
            type="button"
            key={String(days)}
            aria-pressed={days === chosen ? 'true' : 'false'}
            onClick={() => setQuery({ days: String(days), from: null, to: null })}
          >
            {t.lastDays(days)}
          </button>
        ))}
      </p>
      <DayField label={t.from} value={range.from} max={range.to} onChoose={(from) => chooseDay({ from })} />
      <DayField label={t.to} value={range.to} min={range.from} onChoose={(to) => chooseDay({ to })} />
    </fieldset>
  )
}

type DayFieldProps = { label: string; value: string; min?: string; max?: string; onChoose: (day: string) => void }

function DayField({ label, value, min, max, onChoose }: DayFieldProps) {
  return (
    <label class="day">
      <span>{label}</span>
      <input
        type="date"
        value={value}
        min={min}
        max={max}
        onChange={(event: Event) => onChoose((event.currentTarget as HTMLInputElement).value)}
      />
    </label>
  )
}
