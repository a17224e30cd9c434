import { expect, test } from 'bun:test'
import { boundedLatencies } from '../../bench/latencies.ts'
import { slopeOf } from '../../bench/soak-samples.ts'

test('a percentile is told to 2 %, whatever was added', () => {
  const latencies = boundedLatencies()
  for (let i = 1; i <= 10_000; i++) latencies.add(i % 2 ? 'odd' : 'even', i / 10)
  for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
    const exact = share * 1_000
    expect(latencies.percentile(share)).toBeWithin(exact * 0.999, exact * 1.021)
  }
  expect(latencies.percentile(0.5, 'even')).toBeWithin(499, 512)
  expect([latencies.average(), latencies.max(), latencies.count(), latencies.count('odd')]).toEqual([
    500.05, 1_000, 10_000, 5_000,
  ])
})

test('what lies beyond the buckets is counted in the last, and nothing is a percentile of nothing', () => {
  const latencies = boundedLatencies()
  expect(latencies.percentile(0.5)).toBeNaN()
  latencies.add('a', 1e9)
  latencies.add('a', 0)
  expect(latencies.percentile(0.5)).toBeWithin(0, 0.011)
  expect(latencies.percentile(1)).toBeGreaterThan(90_000)
  latencies.clear()
  expect(latencies.count()).toBe(0)
})

test('a slope is found, with its error', () => {
  const exact = slopeOf([1, 2, 3, 4].map((x) => [x, 2 * x + 7]))
  expect(exact.slope).toBeCloseTo(2)
  expect(exact.error).toBeCloseTo(0)
  expect(slopeOf([1, 2, 3, 4].map((x) => [x, x % 2])).error).toBeGreaterThan(0.1)
})
