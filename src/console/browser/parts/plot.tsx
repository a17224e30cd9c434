import type { Child } from 'hono/jsx'
import { useEffect, useRef, useState } from 'hono/jsx/dom'
import { useFormat } from '../shell/format.ts'
import { useTexts } from '../shell/texts.ts'
import { drawPlot, type Series } from './draw-plot.ts'
import { Table } from './table.tsx'

type PlotProps = {
  title: string
  /** The text shown while the pointer is on no day. */
  summary: string
  days: readonly string[]
  series: readonly Series[]
  /** The format of values; counts by default. */
  valueText?: (value: number) => string
  children?: Child
}

/** Values by day as lines, with a summary in words and a table of all values. */
export function Plot({ title, summary, days, series, valueText, children }: PlotProps) {
  const t = useTexts()
  const format = useFormat()
  const drawn = useRef<HTMLDivElement>(null)
  const [pointed, setPointed] = useState<number | null>(null)
  const text = valueText ?? format.number
  const key = JSON.stringify([title, days[0], days.length, series])
  useEffect(() => {
    const target = drawn.current
    if (!target) return
    let take: (() => void) | undefined
    let isGone = false
    drawPlot(target, {
      days,
      series,
      isCount: valueText === undefined,
      dayText: format.shortDay,
      valueText: text,
      onPoint: setPointed,
    }).then(
      (away) => {
        if (isGone) away()
        else take = away
      },
      // Where the plot cannot be loaded, the table remains.
      () => {},
    )
    return () => {
      isGone = true
      take?.()
    }
  }, [key, format])
  const day = pointed === null ? undefined : days[pointed]
  const readout =
    day === undefined || pointed === null
      ? summary
      : `${format.day(day)}: ${series.map(({ label, values }) => `${label} ${text(values[pointed] ?? 0)}`).join(' · ')}`
  return (
    <section class="card">
      <h2>{title}</h2>
      <p class="readout">{readout}</p>
      <div ref={drawn} class="plot" role="img" aria-label={`${title}. ${summary}`} />
      {series.length > 1 && <Legend key="legend" series={series} />}
      <Behind key="behind" title={title} days={days} series={series} text={text} label={t.asTable} />
      {children}
    </section>
  )
}

function Legend({ series }: { series: readonly Series[] }) {
  return (
    <ul class="legend">
      {series.map(({ label }, i) => (
        <li key={label}>
          <span class={`line line-${i + 1}`} aria-hidden="true" />
          {label}
        </li>
      ))}
    </ul>
  )
}

type BehindProps = Pick<PlotProps, 'title' | 'days' | 'series'> & { label: string; text: (value: number) => string }

/** The table is rendered when it is opened: a year has many rows. */
function Behind({ title, days, series, label, text }: BehindProps) {
  const t = useTexts()
  const format = useFormat()
  const [isOpen, setOpen] = useState(false)
  return (
    <details onToggle={(event: Event) => setOpen((event.currentTarget as HTMLDetailsElement).open)}>
      <summary>{label}</summary>
      {isOpen && (
        <Table
          label={title}
          columns={[{ title: t.day }, ...series.map((one) => ({ title: one.label, isNumber: true }))]}
          rows={days
            .map((day, i) => ({
              key: day,
              cells: [format.day(day), ...series.map(({ values }) => text(values[i] ?? 0))],
            }))
            .reverse()}
        />
      )}
    </details>
  )
}
