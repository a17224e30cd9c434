import { describe, expect, test } from 'bun:test'
import { passTime } from '../../src/billing/providers/sandbox/actions.ts'
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

test('the sandbox’s pages can be paid though its clock is days ahead', async () => {
  const { sandbox, sql } = app
  const { offsetMs } = await sandbox.readSettings()
  const [early, late] = [await givenTried('starter'), await givenTried('starter')]
  const opened = await checkoutOf(await subscribe(early, 'starter'))
  await passTime(sandbox, sql, 2 * 86_400)
  await onCheckout(opened, 'pay')
  expect(await read(early)).toMatchObject({ plan: { name: 'free' } })
  await onCheckout(await checkoutOf(await subscribe(late, 'starter')), 'pay')
  expect(await read(late)).toMatchObject({ plan: { name: 'starter' }, status: 'active' })
  await sandbox.set({ offsetMs })
})

test('what is asked for beside a plan, its interval and currency is refused, and nobody sees payments of others', async () => {
  const [person, other] = [await givenPaying('starter'), await givenTried('starter')]
  const hostile: object[] = [
    ...['https://evil.test', '//evil.test', 'javascript:alert(1)', `${app.config.appUrl}@evil.test`].map(
      (returnTo) => ({ returnTo }),
    ),
    ...['usd', 'XXX', 'USD\n'].map((currency) => ({ currency })),
    ...['stripe', '__proto__', 'manual', 'constructor'].map((provider) => ({ provider })),
    ...['nope', '__proto__'].map((plan) => ({ plan })),
    { amountMinor: 1 },
    { priceId: 'price_1' },
    { startsAt: '2000-01-01T00:00:00Z' },
    { quantity: 0 },
  ]
  for (const more of hostile) expect([more, (await subscribe(other, 'starter', more)).status]).toEqual([more, 422])
  await expectProblem(await subscribe(other, 'enterprise'), 'checkout-unavailable')
  await expectProblem(await subscribe(other, 'starter', { currency: 'EUR' }), 'checkout-unavailable')
  expect([await payments(person), await payments(other)]).toMatchObject([[{ kind: 'charge' }], []])
  const asked = await request(`/v1/payments?accountId=${person.id}`, { bearer: other.bearer })
  await expectProblem(asked, 'validation-failed')
})
