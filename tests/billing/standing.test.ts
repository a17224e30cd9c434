import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { type Event, eventsBetween, type LiveStatus, next, type Status } from '../../src/billing/lifecycle.ts'
import type { ProviderPayment, ProviderSubscription } from '../../src/billing/providers/provider.ts'
import { type Facts, nextSyncAt, standingOf } from '../../src/billing/standing.ts'

const day = 86_400_000
const now = Date.parse('2027-01-31T12:00:00Z')
const circumstances = { nowMs: now, graceMs: 7 * day }
const at = (days: number) => new Date(now + days * day)

const starter = { id: 'a', plan: 'starter', interval: 'month', currency: 'USD', amountMinor: 999 } as const
const business = { id: 'b', plan: 'business', interval: 'month', currency: 'USD', amountMinor: 9999 } as const

function factsOf(subscription: Partial<ProviderSubscription>, more: Partial<Facts> = {}): Facts {
  return {
    provider: 'sandbox',
    subscription: {
      id: 's',
      customerId: 'c',
      reference: null,
      status: 'active',
      priceId: 'p',
      pendingPriceId: null,
      startedAt: at(-10),
      paidUntil: at(20),
      cancelAtPeriodEnd: false,
      endedAt: null,
      ...subscription,
    },
    price: business,
    pendingPrice: null,
    payments: [],
    ...more,
  }
}
const payment = (id: string, more: Partial<ProviderPayment> = {}): ProviderPayment => ({
  id,
  kind: 'charge',
  status: 'succeeded',
  money: { amountMinor: 9999, currency: 'USD' },
  at: at(-10),
  subscriptionId: 's',
  chargeId: null,
  period: { start: at(-10), end: at(20) },
  invoiceUrl: null,
  ...more,
})
const refund = (amountMinor: number, more: Partial<ProviderPayment> = {}) =>
  payment('r', { kind: 'refund', chargeId: 'x', money: { amountMinor, currency: 'USD' }, period: null, ...more })

describe('what a provider’s subscription gives', () => {
  const given = (subscription: Partial<ProviderSubscription>, more: Partial<Facts> = {}) => {
    const found = standingOf(factsOf(subscription, more), circumstances)
    return typeof found === 'string' ? found : [found.status, found.price.plan, found.endsAt.toISOString()]
  }

  test.each([
    ['active', ['active', 'business', at(27).toISOString()]],
    ['trialing', ['trialing', 'business', at(27).toISOString()]],
    ['past_due', ['past_due', 'business', at(27).toISOString()]],
    ['incomplete', 'incomplete'],
    ['ended', 'ended'],
  ] as const)('%s', (status, expected) => {
    expect(given({ status })).toEqual(expected as never)
  })

  test('lasts for the grace beyond its period, and not a moment longer; one that is cancelled has none', () => {
    expect(given({ paidUntil: at(-6), status: 'past_due' })).toEqual(['past_due', 'business', at(1).toISOString()])
    expect(given({ paidUntil: at(-7), status: 'past_due' })).toBe('unpaid')
    expect(given({ paidUntil: at(1), cancelAtPeriodEnd: true })).toEqual(['cancelled', 'business', at(1).toISOString()])
    expect(given({ paidUntil: at(0), cancelAtPeriodEnd: true })).toBe('ended')
  })

  test('is the lower plan from the period’s end on, whether or not the provider has told', () => {
    const pending = { pendingPrice: starter }
    expect(given({ pendingPriceId: 'q' }, pending)).toEqual(['active', 'business', at(27).toISOString()])
    expect(given({ pendingPriceId: 'q', paidUntil: at(0) }, pending)).toEqual([
      'active',
      'starter',
      at(7).toISOString(),
    ])
  })

  test('is nothing of a price that this service did not make', () => {
    expect(given({}, { price: null })).toBe('unknown-price')
  })

  test('ends with a full refund of the current period’s charge, in one or several parts, and with a lost dispute', () => {
    const charge = payment('x')
    expect(given({}, { payments: [charge, refund(9999)] })).toBe('refunded')
    expect(given({}, { payments: [charge, refund(5000), refund(4999, { id: 'r2' })] })).toBe('refunded')
    for (const payments of [
      [charge, refund(9998)],
      [charge, refund(9999, { status: 'pending' })],
      [charge, refund(9999, { chargeId: 'another' })],
      [charge, payment('d', { kind: 'dispute', status: 'pending', chargeId: 'x', period: null })],
      [charge, payment('d', { kind: 'dispute', status: 'failed', chargeId: 'x', period: null })],
      // Of an earlier period.
      [
        charge,
        payment('y', { at: at(-40), period: { start: at(-40), end: at(-10) } }),
        refund(9999, { chargeId: 'y' }),
      ],
      // Of the difference that an upgrade cost.
      [charge, payment('y', { money: { amountMinor: 100, currency: 'USD' } }), refund(100, { chargeId: 'y' })],
    ])
      expect(given({}, { payments })).toEqual(['active', 'business', at(27).toISOString()])
    const lost = payment('d', { kind: 'dispute', chargeId: 'x', period: null })
    expect(given({}, { payments: [charge, lost] })).toBe('disputed')
    // Where the provider does not tell what a charge pays, the newest counts.
    const untold = payment('x', { period: null })
    expect(given({}, { payments: [payment('w', { period: null, at: at(-40) }), untold, refund(9999)] })).toBe(
      'refunded',
    )
  })

  test('is looked at again after its period, every hour of the grace, and at the end of it; never of nothing', () => {
    const look = (subscription: Partial<ProviderSubscription>, more: Partial<Facts> = {}) =>
      nextSyncAt(standingOf(factsOf(subscription, more), circumstances), now)?.getTime()
    expect(look({})).toBe(at(20).getTime() + 900_000)
    expect(look({ pendingPriceId: 'q' }, { pendingPrice: starter })).toBe(at(20).getTime())
    expect(look({ paidUntil: at(-1), status: 'past_due' })).toBe(now + 3_600_000)
    expect(look({ paidUntil: new Date(now - 7 * day + 60_000), status: 'past_due' })).toBe(now + 60_000)
    expect(look({ status: 'ended' })).toBeUndefined()
  })
})

describe('the way from one state to another', () => {
  const living: LiveStatus[] = ['trialing', 'active', 'past_due', 'cancelled']
  const events: Event[] = ['convert', 'renew', 'fail', 'change', 'cancel', 'resume', 'resumeTrial', 'end']

  test('is one that the table of states allows, and leads there', () => {
    for (const from of living)
      for (const to of living) {
        let status: Status | null = from
        for (const event of eventsBetween(from, to)) status = status && next(status, event)
        // What was paid is not tried afterwards.
        const expected = to === 'trialing' && (from === 'active' || from === 'past_due') ? 'active' : to
        expect([from, to, status]).toEqual([from, to, expected])
      }
  })

  test('is a change in every state that is alive, which stays what it is, and in none that is over', () => {
    for (const state of living) expect(next(state, 'change')).toBe(state)
    expect(next('expired', 'change')).toBeNull()
  })

  test('never leaves the table, whatever happens', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...events)), (happened) => {
        let status: Status = 'trialing'
        for (const event of happened) status = next(status, event) ?? status
        expect([...living, 'expired']).toContain(status)
      }),
    )
  })
})
