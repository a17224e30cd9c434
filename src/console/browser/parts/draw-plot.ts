import type Plot from 'uplot'

export type Series = { label: string; values: readonly number[] }
type Drawing = {
  /** UTC days, such as `2026-11-29`, in order. */
  days: readonly string[]
  series: readonly Series[]
  /** Whether values are whole numbers, so that the axis has no steps between them. */
  isCount: boolean
  dayText: (epochSeconds: number) => string
  valueText: (value: number) => string
  /** Called with the index of the day under the pointer; null: none. */
  onPoint: (index: number | null) => void
}

const daySeconds = 86_400
const heightPx = 200
const dayMultiples = [1, 2, 3, 5, 7, 14, 28, 56, 91, 182, 364]
const dashes = [[], [7, 4], [2, 3]]
const dark = matchMedia('(prefers-color-scheme: dark)')

/**
 * Draws the series over their days, and again when the colour scheme or the width changes.
 * @returns a function that removes the plot
 */
export async function drawPlot(target: HTMLElement, drawing: Drawing): Promise<() => void> {
  // A file of its own, loaded only by pages with a plot.
  const { default: UPlot } = await import('uplot')
  const days = drawing.days.map((day) => Date.parse(day) / 1000)
  const data: Plot.AlignedData = [days, ...drawing.series.map(({ values }) => [...values])]
  const make = () => new UPlot(optionsOf(UPlot, target, drawing), data, target)
  let plot = make()
  const redraw = () => {
    plot.destroy()
    plot = make()
  }
  const sized = new ResizeObserver(() => {
    if (target.clientWidth !== plot.width) plot.setSize({ width: target.clientWidth, height: heightPx })
  })
  sized.observe(target)
  dark.addEventListener('change', redraw)
  return () => {
    sized.disconnect()
    dark.removeEventListener('change', redraw)
    plot.destroy()
  }
}

function optionsOf(UPlot: typeof Plot, target: HTMLElement, drawing: Drawing): Plot.Options {
  const style = getComputedStyle(target)
  const colour = (name: string) => style.getPropertyValue(name).trim()
  const axis: Plot.Axis = {
    stroke: colour('--quiet'),
    font: `12px ${style.fontFamily}`,
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  }
  const numbers = (_: Plot, splits: number[]) => splits.map(drawing.valueText)
  return {
    width: target.clientWidth,
    height: heightPx,
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 } },
    tzDate: (epochSeconds) => UPlot.tzDate(new Date(epochSeconds * 1000), 'Etc/UTC'),
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] } },
    hooks: { setCursor: [({ cursor }) => drawing.onPoint(cursor.idx ?? null)] },
    axes: [
      {
        ...axis,
        space: 72,
        size: 30,
        incrs: dayMultiples.map((count) => count * daySeconds),
        values: (_, splits) => splits.map(drawing.dayText),
      },
      {
        ...axis,
        space: 36,
        values: numbers,
        size: (_, values) => 16 + 7.5 * Math.max(1, ...(values ?? []).map((text) => text?.length ?? 0)),
        ...(drawing.isCount && { incrs: wholeSteps }),
      },
    ],
    series: [
      {},
      ...drawing.series.map(({ label }, i) => ({
        label,
        stroke: colour(`--plot-${i + 1}`),
        width: 2,
        dash: dashes[i] ?? [],
        points: { show: drawing.days.length < 3, size: 7, fill: colour(`--plot-${i + 1}`) },
      })),
    ],
  }
}

/** 1, 2, 5, 10, … */
const wholeSteps = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat()
