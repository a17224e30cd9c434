import { expect, test } from 'bun:test'
import { decimalsOf, toDecimalText } from '../../src/billing/money.ts'

test('an amount stands with as many digits behind the point as its currency has', () => {
  const texts: [number, string, string][] = [
    [999, 'USD', '9.99'],
    [5, 'USD', '0.05'],
    [0, 'EUR', '0.00'],
    [-1050, 'INR', '-10.50'],
    [500, 'JPY', '500'],
    [0, 'KRW', '0'],
    [1500, 'KWD', '1.500'],
    [7, 'BHD', '0.007'],
    [9_007_199_254_740_991, 'USD', '90071992547409.91'],
  ]
  for (const [amountMinor, currency, text] of texts) expect(toDecimalText({ amountMinor, currency })).toBe(text)
})

test('of the currencies in circulation, ISO 4217 has 16 without a minor unit and seven with a thousandth', () => {
  expect(['VND', 'ISK', 'UGX'].map(decimalsOf)).toEqual([0, 0, 0])
  expect(['TND', 'IQD'].map(decimalsOf)).toEqual([3, 3])
  expect(['USD', 'INR', 'MGA', 'MRU', 'HUF'].map(decimalsOf)).toEqual([2, 2, 2, 2, 2])
})
