import { expect, test } from 'bun:test'
import { type Plot, toSvg } from '../../bench/plot.ts'

const plot: Plot = {
  title: 'a < b & "c"',
  x: { label: 'accounts', log: true },
  y: { label: 'ms', log: true },
  levels: [{ y: 5, label: '5 ms' }],
  series: [
    {
      name: '<script>',
      marked: true,
      points: [
        [1_000, 0.2],
        [1_000_000, 40],
      ],
    },
  ],
}

test('what is written into a plot is text, never markup', () => {
  const svg = toSvg(plot)
  expect(svg).toContain('a &lt; b &amp; &quot;c&quot;')
  expect(svg).not.toContain('<script')
})

test('figures that an axis cannot show leave no broken coordinate, and an empty plot is a plot', () => {
  const odd = toSvg({
    ...plot,
    series: [
      {
        name: 'odd',
        points: [
          [0, 1],
          [10, Number.NaN],
          [100, 3],
        ],
      },
    ],
  })
  for (const svg of [odd, toSvg({ ...plot, series: [], levels: [] })]) {
    expect(svg).toEndWith('</svg>\n')
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  }
})

test('the same figures make the same bytes', () => {
  expect(toSvg(plot)).toBe(toSvg(plot))
})
