import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { contrast, fillsOf, surfaces } from '../../src/brand/brand.ts'

const color = fc
  .array(fc.integer({ min: 0, max: 255 }), { minLength: 3, maxLength: 3 })
  .map((parts) => `#${parts.map((part) => part.toString(16).padStart(2, '0')).join('')}`)

test('whatever the brand’s colour, a button stands out from the page and its words from the button', () => {
  fc.assert(
    fc.property(color, (given) => {
      const { light, dark } = fillsOf(given)
      expect(contrast(light.fill, surfaces.light)).toBeGreaterThanOrEqual(3)
      expect(contrast(dark.fill, surfaces.dark)).toBeGreaterThanOrEqual(3)
      for (const { fill, text } of [light, dark]) expect(contrast(fill, text)).toBeGreaterThanOrEqual(4.5)
    }),
  )
})

test('a colour that stands out already is used as it is', () => {
  expect(fillsOf('#0f766e')).toEqual({
    light: { fill: '#0f766e', text: '#ffffff' },
    dark: { fill: '#0f766e', text: '#ffffff' },
  })
  expect(fillsOf('#ffffff').dark).toEqual({ fill: '#ffffff', text: '#000000' })
  expect(fillsOf('#000000').light).toEqual({ fill: '#000000', text: '#ffffff' })
})

test('contrast is what WCAG defines', () => {
  expect(contrast('#000000', '#ffffff')).toBeCloseTo(21, 5)
  expect(contrast('#777777', '#ffffff')).toBeCloseTo(4.48, 2)
  expect(contrast('#ff0000', '#ff0000')).toBe(1)
})
