import { describe, expect, test } from 'bun:test'
import { bodyOf } from '../support/app.ts'
import { openPayingApp } from '../support/payments.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openPayingApp()
const { request, subscribe, givenTried, givenPaying, checkoutOf, onCheckout, act, read, actions, payments, post } = app
const month = { kind: 'charge', status: 'succeeded', amountMinor: 2999, currency: 'USD' }

describe('a plan that is paid', () => {
  test('is bought at a checkout, and the next request passes with the token of before', async () => {
    const person = await givenTried('professional')
    const entitled = () => request('/v1/entitlements/advanced_reporting', { bearer: person.bearer })
    await expectProblem(await entitled(), 'feature-not-in-plan')
    const checkout = await checkoutOf(await subscribe(person, 'professional'))
    expect(await read(person)).toMatchObject({ plan: { name: 'free' } })
    await onCheckout(checkout, 'pay')
    const answer = await entitled()
    expect([answer.status, answer.headers.get('authz-refresh')]).toEqual([200, '1'])
    expect(await read(person)).toMatchObject({
      plan: { name: 'professional' },
      status: 'active',
      interval: 'month',
      provider: 'sandbox',
      pending: null,
    })
    expect(await payments(person)).toMatchObject([month])
    expect(await actions(person)).toEqual(['subscription.request', 'payment.charge', 'subscription.activate'])
  })

  test('is renewed, fails to renew, recovers, is cancelled, taken back, and ends', async () => {
    const person = await givenPaying('professional')
    const first = await read(person)
    await act(person, 'renew')
    const second = await read(person)
    expect(Date.parse(second.currentPeriodEnd ?? '')).toBeGreaterThan(Date.parse(first.currentPeriodEnd ?? ''))
    await act(person, 'decline')
    await act(person, 'renew')
    expect(await read(person)).toMatchObject({ status: 'past_due', currentPeriodEnd: second.currentPeriodEnd })
    await act(person, 'pay')
    expect(await read(person)).toMatchObject({ status: 'active' })
    const cancelled = await request('/v1/subscription', { method: 'DELETE', bearer: person.bearer })
    expect(await bodyOf(cancelled)).toMatchObject({
      status: 'cancelled',
      cancelAtPeriodEnd: true,
      pending: { plan: 'free' },
    })
    expect(await bodyOf(await post(person, '/v1/subscription/resume'))).toMatchObject({
      status: 'active',
      pending: null,
    })
    await request('/v1/subscription', { method: 'DELETE', bearer: person.bearer })
    await act(person, 'renew')
    expect(await read(person)).toMatchObject({ plan: { name: 'free' }, status: 'active', provider: 'manual' })
    expect(await actions(person)).toEqual([
      'subscription.request',
      'payment.charge',
      'subscription.activate',
      'payment.charge',
      'subscription.renew',
      'payment.charge',
      'subscription.payment_fail',
      'payment.charge',
      'subscription.renew',
      'subscription.request',
      'subscription.cancel',
      'subscription.request',
      'subscription.resume',
      'subscription.request',
      'subscription.cancel',
      'subscription.end',
    ])
  })
})
