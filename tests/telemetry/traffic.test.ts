import { expect, test } from 'bun:test'
import { createTraffic, durationBounds } from '../../src/telemetry/traffic.ts'

test('an answer falls into the bucket of the first bound that it keeps', () => {
  const traffic = createTraffic()
  const took = [0, 1, 1.01, 2.5, 999, 1_000, 29_999, 30_001]
  for (const milliseconds of took) traffic.countAnswer('/v1/:id', 'GET', 200, milliseconds)
  const [counted] = traffic.requests().filter(({ count }) => count > 0)
  expect(counted).toMatchObject({
    route: '/v1/{id}',
    statusClass: '2xx',
    count: 8,
    milliseconds: took.reduce((a, b) => a + b),
  })
  const upTo = (bound: number) => took.filter((milliseconds) => milliseconds <= bound).length
  const bounds = [...durationBounds, Number.POSITIVE_INFINITY]
  expect(counted?.buckets).toEqual(bounds.map((bound, i) => upTo(bound) - (i === 0 ? 0 : upTo(bounds[i - 1] ?? 0))))
})

test('methods of somebody’s own invention are counted as one', () => {
  const traffic = createTraffic()
  for (let i = 0; i < 1_000; i++) traffic.countAnswer('', `METHOD-${i}`, 405, 1)
  expect(traffic.requests().filter(({ count }) => count > 0)).toMatchObject([
    { route: 'unmatched', method: 'other', statusClass: '4xx', count: 1_000 },
  ])
  expect(traffic.requests()).toHaveLength(5)
})

test('patterns are shown as the OpenAPI document writes them', () => {
  const traffic = createTraffic()
  for (const route of ['/a/:id', '/a/:id{[0-9]+}/b', '/a/:x?']) traffic.countAnswer(route, 'GET', 200, 1)
  expect([...new Set(traffic.requests().map(({ route }) => route))]).toEqual(['/a/{id}', '/a/{id}/b', '/a/{x}'])
})
