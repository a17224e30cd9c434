import { scaleLinear, scaleLog } from 'd3-scale'

export type Series = {
  name: string
  points: readonly (readonly [x: number, y: number])[]
  /** Also marks each point, for series of few measured points. */
  marked?: boolean
}
export type Axis = {
  label: string
  log?: boolean
  /** Default: the smallest and the largest value of the series; 0 for the lower end of a linear axis. */
  from?: number
  to?: number
}
export type Plot = {
  title: string
  /** The command and machine of the measurement, in one line. */
  subtitle?: string
  x: Axis
  y: Axis
  series: readonly Series[]
  /** Horizontal lines, such as a goal. */
  levels?: readonly { y: number; label: string }[]
}

const width = 760
const height = 420
const margin = { top: 84, right: 28, bottom: 52, left: 74 }
const ink = '#24292f'
/** The palette of Okabe and Ito: distinguishable by the colour-blind, and on white. */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']

/** A line plot as an SVG document without external styles, scripts or fonts. The same data give the same bytes. */
export function toSvg({ title, subtitle = '', x, y, series, levels = [] }: Plot): string {
  const toX = scaleOf(x, series.flatMap(xs), [margin.left, width - margin.right])
  const toY = scaleOf(
    y,
    [...series.flatMap(ys), ...levels.map((level) => level.y)],
    [height - margin.bottom, margin.top],
  )
  const top = margin.top
  const bottom = height - margin.bottom
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="12" fill="${ink}">`,
    `<title>${asText(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(margin.left, 24, title, 'font-size="15" font-weight="600"'),
    text(margin.left, 42, subtitle, 'fill="#57606a"'),
    ...ticksOf(toX, 8).flatMap(({ at, label }) => [
      line([at, top], [at, bottom], '#eaeef2'),
      text(at, bottom + 18, label, 'text-anchor="middle"'),
    ]),
    ...ticksOf(toY, 6).flatMap(({ at, label }) => [
      line([margin.left, at], [width - margin.right, at], '#eaeef2'),
      text(margin.left - 8, at + 4, label, 'text-anchor="end"'),
    ]),
    line([margin.left, bottom], [width - margin.right, bottom], ink),
    line([margin.left, top], [margin.left, bottom], ink),
    text((margin.left + width - margin.right) / 2, height - 12, x.label, 'text-anchor="middle"'),
    `<g transform="rotate(-90 18 ${(top + bottom) / 2})">${text(18, (top + bottom) / 2, y.label, 'text-anchor="middle"')}</g>`,
    ...levels.flatMap((level) => [
      line([margin.left, toY(level.y)], [width - margin.right, toY(level.y)], '#57606a', 'stroke-dasharray="5 4"'),
      text(margin.left + 6, toY(level.y) - 5, level.label, 'fill="#57606a"'),
    ]),
    ...series.flatMap((one, index) => drawn(one, colourOf(index), toX, toY)),
    ...legend(series),
    '</svg>',
  ].join('\n')}\n`
}

type Scale = ReturnType<typeof scaleOf>

/** A logarithm has no zero: its axis begins at the smallest positive value. */
function scaleOf({ log = false, from, to }: Axis, figures: readonly number[], range: [number, number]) {
  const usable = figures.filter((figure) => Number.isFinite(figure) && (!log || figure > 0))
  const least = usable.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
  const most = usable.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  const low = from ?? (log ? (usable.length > 0 ? least : 1) : Math.min(0, least))
  const high = to ?? (usable.length > 0 ? most : 1)
  const scale = log
    ? scaleLog([low, high > low ? high : low * 10], range)
    : scaleLinear([low, high > low ? high : low + 1], range)
  // An end that was set stays unchanged.
  return from === undefined || to === undefined ? scale.nice() : scale
}

function ticksOf(scale: Scale, count: number): { at: number; label: string }[] {
  const [low = 1, high = 1] = scale.domain()
  const isLog = 'base' in scale
  // Over more than two decades only powers of ten and their halves are readable.
  const wide = isLog && Math.log10(high / low) > 2
  return scale
    .ticks(count)
    .filter((tick) => !isLog || isReadable(tick, wide))
    .map((tick) => ({ at: scale(tick), label: tick.toLocaleString('en', { maximumFractionDigits: 6 }) }))
}

function isReadable(tick: number, wide: boolean): boolean {
  const leading = Math.round(tick / 10 ** Math.floor(Math.log10(tick) + 1e-9))
  return wide ? leading === 1 : [1, 2, 5].includes(leading)
}

function drawn({ points, marked }: Series, colour: string, toX: Scale, toY: Scale): string[] {
  const placed = points
    .map(([a, b]) => [round(toX(a)), round(toY(b))] as const)
    .filter(([a, b]) => Number.isFinite(a + b))
  const path = placed.map(([a, b]) => `${a},${b}`).join(' ')
  const marks = marked ? placed.map(([a, b]) => `<circle cx="${a}" cy="${b}" r="3" fill="${colour}"/>`) : []
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.8" stroke-linejoin="round"/>`,
    ...marks,
  ]
}

function legend(series: readonly Series[]): string[] {
  let left = margin.left
  return series.flatMap(({ name }, index) => {
    const at = left
    left += 34 + name.length * 6.6
    return [line([at, 62], [at + 18, 62], colourOf(index), 'stroke-width="3"'), text(at + 24, 66, name)]
  })
}

const xs = ({ points }: Series) => points.map(([a]) => a)
const ys = ({ points }: Series) => points.map(([, b]) => b)
const colourOf = (index: number): string => colours[index % colours.length] ?? ink
const round = (figure: number): number => Math.round(figure * 10) / 10

function line([ax, ay]: [number, number], [bx, by]: [number, number], colour: string, more = ''): string {
  return `<line x1="${round(ax)}" y1="${round(ay)}" x2="${round(bx)}" y2="${round(by)}" stroke="${colour}" ${more}/>`
}

function text(x: number, y: number, content: string, more = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" ${more}>${asText(content)}</text>`
}

function asText(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
