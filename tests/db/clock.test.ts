import { describe, expect, test } from 'bun:test'
import { createClock } from '../../src/db/clock.ts'

const hour = 3_600_000

describe('the clock', () => {
  test('tells the time of the database, as it was half-way between question and answer', () => {
    const clock = createClock()
    const askedAt = performance.now() - 200
    clock.set(Date.now() + hour, askedAt, askedAt + 200)
    expect(Math.abs(clock.now() - (Date.now() + hour + 100))).toBeLessThan(50)
  })

  test('does not believe an answer that took more than a second', () => {
    const clock = createClock()
    clock.set(Date.now() + hour, performance.now() - 1_100, performance.now())
    expect(Math.abs(clock.now() - Date.now())).toBeLessThan(hour / 2)
  })
})
