import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Event, next, periodEnd, type Status } from '../../src/billing/lifecycle.ts'

const states: Status[] = ['trialing', 'active', 'past_due', 'cancelled', 'expired']
const events: Event[] = ['convert', 'renew', 'fail', 'cancel', 'resume', 'resumeTrial', 'end']

/** Every state with every event; what stands nowhere here cannot happen. */
const allowed: Record<string, Status> = {
  'trialing convert': 'active',
  'trialing cancel': 'cancelled',
  'trialing end': 'expired',
  'active renew': 'active',
  'active fail': 'past_due',
  'active cancel': 'cancelled',
  'active end': 'expired',
  'past_due renew': 'active',
  'past_due cancel': 'cancelled',
  'past_due end': 'expired',
  'cancelled resume': 'active',
  'cancelled resumeTrial': 'trialing',
  'cancelled end': 'expired',
}

describe('a subscription', () => {
  for (const state of states)
    for (const event of events)
      test(`${state}, on ${event}: ${allowed[`${state} ${event}`] ?? 'cannot happen'}`, () => {
        expect(next(state, event)).toBe(allowed[`${state} ${event}`] ?? null)
      })

  test('that is over stays over, and every other can end', () => {
    for (const event of events) expect(next('expired', event)).toBeNull()
    for (const state of states.slice(0, -1)) expect(next(state, 'end')).toBe('expired')
  })
})

describe('the end of a period', () => {
  const ends = (anchor: string, interval: 'month' | 'year', periods: number) =>
    periodEnd(new Date(anchor), interval, periods).toISOString()

  test('from the last day of a month is the last day of those that are shorter, and the same day of the rest', () => {
    const of2027 = [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((month) =>
      ends('2027-01-31T12:30:15.123Z', 'month', month - 1).slice(5, 10),
    )
    expect(of2027).toEqual([
      '02-28',
      '03-31',
      '04-30',
      '05-31',
      '06-30',
      '07-31',
      '08-31',
      '09-30',
      '10-31',
      '11-30',
      '12-31',
    ])
    expect(ends('2027-01-31T12:30:15.123Z', 'month', 12)).toBe('2028-01-31T12:30:15.123Z')
    expect(ends('2027-12-31T23:59:59.999Z', 'month', 2)).toBe('2028-02-29T23:59:59.999Z')
    expect(ends('2027-12-30T00:00:00.000Z', 'month', 2)).toBe('2028-02-29T00:00:00.000Z')
  })

  test('knows leap years, also those that are none', () => {
    expect(ends('2028-02-29T08:00:00.000Z', 'year', 1)).toBe('2029-02-28T08:00:00.000Z')
    expect(ends('2028-02-29T08:00:00.000Z', 'year', 4)).toBe('2032-02-29T08:00:00.000Z')
    expect(ends('2096-02-29T08:00:00.000Z', 'year', 4)).toBe('2100-02-28T08:00:00.000Z')
    expect(ends('2099-01-31T08:00:00.000Z', 'month', 13)).toBe('2100-02-28T08:00:00.000Z')
    expect(ends('2028-02-29T08:00:00.000Z', 'month', 12)).toBe('2029-02-28T08:00:00.000Z')
  })

  test('keeps its hour in UTC, whatever clocks people set forward and back', () => {
    const before = process.env.TZ
    try {
      for (const zone of ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia']) {
        process.env.TZ = zone
        expect(ends('2027-02-28T01:30:00.000Z', 'month', 1)).toBe('2027-03-28T01:30:00.000Z')
        expect(ends('2027-10-14T00:30:00.000Z', 'month', 1)).toBe('2027-11-14T00:30:00.000Z')
        expect(ends('2026-12-31T23:30:00.000Z', 'month', 2)).toBe('2027-02-28T23:30:00.000Z')
      }
    } finally {
      process.env.TZ = before ?? 'UTC'
    }
  })

  test('comes after the one before it, 28 to 31 days for a month and 365 or 366 for a year, on the anchor’s day or the last', () => {
    const anchor = fc.date({ min: new Date('2000-01-01'), max: new Date('2100-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(anchor, fc.constantFrom('month', 'year'), fc.integer({ min: 0, max: 60 }), (from, interval, n) => {
        const [end, following] = [periodEnd(from, interval, n), periodEnd(from, interval, n + 1)]
        const days = (following.getTime() - end.getTime()) / 86_400_000
        expect(Number.isInteger(days)).toBe(true)
        expect(days).toBeGreaterThanOrEqual(interval === 'month' ? 28 : 365)
        expect(days).toBeLessThanOrEqual(interval === 'month' ? 31 : 366)
        const lastOfMonth = new Date(Date.UTC(end.getUTCFullYear(), end.getUTCMonth() + 1, 0)).getUTCDate()
        expect(end.getUTCDate()).toBe(Math.min(from.getUTCDate(), lastOfMonth))
        if (n === 0) expect(end).toEqual(from)
      }),
    )
  })
})
