import { describe, expect, test } from 'bun:test'
import { actOnCheckout, actOnSubscription } from '../../src/billing/providers/sandbox/actions.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf } from '../support/app.ts'
import { openPayingApp, type Payer, type View } from '../support/payments.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openPayingApp()
const { request, sql, worker, sandbox, subscribe, givenTried, givenPaying, checkoutOf, onCheckout } = app
const { subscriptionOf, act, read, actions, payments } = app

const preview = async (person: Payer, plan: string, interval = 'month') =>
  bodyOf<{ when: string; proration: { creditMinor: number; chargeMinor: number } | null; cost: object }>(
    await request('/v1/subscription/preview', { bearer: person.bearer, json: { plan, interval } }),
  )
const cancel = ({ bearer }: Payer) => request('/v1/subscription', { method: 'DELETE', bearer })

describe('another plan', () => {
  test('of a higher tier comes at once, for the difference that the preview told', async () => {
    const person = await givenPaying('starter')
    const { proration } = await preview(person, 'business')
    expect(proration).toEqual({ creditMinor: 999, chargeMinor: 9999, currency: 'USD' } as never)
    const answer = await subscribe(person, 'business')
    expect([answer.status, (await bodyOf<View>(answer)).plan.name]).toEqual([200, 'business'])
    expect(await payments(person)).toMatchObject([{ amountMinor: 9000 }, { amountMinor: 999 }])
    expect((await request('/v1/entitlements/sso_oauth', { bearer: person.bearer })).status).toBe(200)
    await expectProblem(await subscribe(person, 'business'), 'already-subscribed')
  })

  test('that is not paid leaves the old one in force, and comes once it is', async () => {
    const person = await givenPaying('starter')
    await act(person, 'decline')
    expect((await subscribe(person, 'professional')).status).toBe(202)
    expect(await read(person)).toMatchObject({ plan: { name: 'starter' } })
    await act(person, 'pay')
    expect(await read(person)).toMatchObject({ plan: { name: 'professional' }, status: 'active' })
    expect(await sql`select 1 from billing_intents where account_id = ${person.id} and ended_at is null`).toHaveLength(
      0,
    )
  })

  test('of a lower tier waits for the period’s end, and can be taken back', async () => {
    const person = await givenPaying('business')
    const { currentPeriodEnd } = await read(person)
    expect((await preview(person, 'starter')).when).toBe(currentPeriodEnd as string)
    const answer = await subscribe(person, 'starter')
    expect([answer.status, await bodyOf<View>(answer)]).toMatchObject([
      200,
      { plan: { name: 'business' }, pending: { plan: 'starter', at: currentPeriodEnd } },
    ])
    await expectProblem(await subscribe(person, 'starter'), 'already-subscribed')
    expect(await bodyOf<View>(await subscribe(person, 'business'))).toMatchObject({ pending: null })
    await subscribe(person, 'starter')
    await act(person, 'renew')
    expect(await read(person)).toMatchObject({ plan: { name: 'starter' }, status: 'active', pending: null })
    expect((await payments(person))[0]).toMatchObject({ amountMinor: 999 })
  })

  test('for a year in place of a month begins a new period', async () => {
    const person = await givenPaying('starter')
    const before = await read(person)
    expect(await bodyOf<View>(await subscribe(person, 'starter', { interval: 'year' }))).toMatchObject({
      interval: 'year',
    })
    const after = await read(person)
    expect(Date.parse(after.currentPeriodEnd ?? '')).toBeGreaterThan(
      Date.parse(before.currentPeriodEnd ?? '') + 300 * 86_400_000,
    )
  })

  test('in another currency than the running one’s is refused, and so is one that is cancelled', async () => {
    const person = await givenPaying('starter')
    await expectProblem(await subscribe(person, 'business', { currency: 'EUR' }), 'currency-mismatch')
    await cancel(person)
    const problem = await expectProblem(await subscribe(person, 'business'), 'checkout-unavailable')
    expect(problem.detail).toContain('resume')
  })

  test('keeps its old price until the person chooses another, also when it is retired', async () => {
    const admin = await signedIn(app, { role: 'superadmin' })
    const json = { name: 'changing', displayName: 'Changing', tier: 20, priceMonthlyMinor: 500, priceYearlyMinor: 5000 }
    await request('/v1/admin/plans', { bearer: admin.bearer, json })
    const person = await givenPaying('changing')
    const edit = { priceMonthlyMinor: 900, retired: true }
    await request('/v1/admin/plans/changing', { method: 'PATCH', bearer: admin.bearer, json: edit })
    await act(person, 'renew')
    expect(await read(person)).toMatchObject({ plan: { name: 'changing' }, status: 'active' })
    expect((await payments(person)).map(({ amountMinor }) => amountMinor)).toEqual([500, 500])
    await expectProblem(await subscribe(await signedIn(app), 'changing'), 'validation-failed')
  })
})

test('recurring revenue is what is paid: in its currency, at the price of before', async () => {
  const admin = await signedIn(app, { role: 'superadmin' })
  const json = { name: 'counted', displayName: 'Counted', tier: 30, priceMonthlyMinor: 500, priceYearlyMinor: 5000 }
  await request('/v1/admin/plans', { bearer: admin.bearer, json })
  const set = (month: number) =>
    request('/v1/admin/plans/counted/prices', {
      method: 'PUT',
      bearer: admin.bearer,
      json: {
        prices: [
          { currency: 'USD', interval: 'month', amountMinor: 500 },
          { currency: 'USD', interval: 'year', amountMinor: 5000 },
          { currency: 'KWD', interval: 'month', amountMinor: month },
        ],
      },
    })
  await set(1500)
  await givenPaying('counted', { currency: 'KWD' })
  await set(2500)
  await givenPaying('counted', { currency: 'KWD' })
  await runJobNow(app.deps, 'refresh-views')
  const { plans } = await bodyOf<{ plans: { plan: string; currency: string; mrrMinor: number }[] }>(
    await request('/v1/admin/analytics/revenue', { bearer: admin.bearer }),
  )
  expect(plans.filter(({ plan }) => plan === 'counted')).toMatchObject([
    { currency: 'KWD', started: 2, mrrMinor: 4000 },
  ])
})

describe('money that goes back', () => {
  test('as a full refund of the current period’s charge ends the plan, here and there, with one notice', async () => {
    const person = await givenPaying('professional')
    const subscription = await subscriptionOf(person)
    await act(person, 'refund')
    expect(await read(person)).toMatchObject({ plan: { name: 'free' } })
    expect(await payments(person)).toMatchObject([{ kind: 'refund', status: 'succeeded' }, { kind: 'charge' }])
    expect((await sandbox.fetchSubscription(subscription, { signal: AbortSignal.timeout(60_000) }))?.status).toBe(
      'ended',
    )
    expect((await actions(person)).slice(-2)).toEqual(['payment.refund', 'subscription.end'])
  })

  test('by a dispute ends it when it is lost, and changes nothing before or when it is won', async () => {
    const person = await givenPaying('professional')
    await act(person, 'dispute')
    expect(await read(person)).toMatchObject({ plan: { name: 'professional' } })
    expect((await payments(person))[0]).toMatchObject({ kind: 'dispute', status: 'pending' })
    await act(person, 'win')
    expect(await read(person)).toMatchObject({ plan: { name: 'professional' } })
    await act(person, 'lose')
    expect(await read(person)).toMatchObject({ plan: { name: 'free' } })
    expect((await payments(person)).filter(({ kind }) => kind === 'dispute')).toMatchObject([{ status: 'succeeded' }])
  })
})

describe('one open checkout', () => {
  test('is the same for the same wish; another takes its place, and the older can’t be paid', async () => {
    const person = await givenTried('professional')
    await sql`insert into trials (account_id, plan) values (${person.id}, 'business')`
    const first = await checkoutOf(await subscribe(person, 'professional'))
    expect(await checkoutOf(await subscribe(person, 'professional'))).toBe(first)
    const second = await checkoutOf(await subscribe(person, 'business'))
    expect(second).not.toBe(first)
    await worker.idle()
    await onCheckout(first, 'pay')
    expect(await read(person)).toMatchObject({ plan: { name: 'free' } })
    await onCheckout(second, 'pay')
    expect(await read(person)).toMatchObject({ plan: { name: 'business' } })
  })

  test('paid twice leaves one subscription: the second is cancelled and paid back', async () => {
    const person = await givenTried('professional')
    await sql`insert into trials (account_id, plan) values (${person.id}, 'business')`
    const first = await checkoutOf(await subscribe(person, 'professional'))
    const second = await checkoutOf(await subscribe(person, 'business'))
    // Before the older is closed at the provider, and before anybody hears of either.
    await actOnCheckout(sandbox, first, 'pay')
    await actOnCheckout(sandbox, second, 'pay')
    await worker.idle()
    // Which one is heard of first, and stays, is chance.
    const { plan } = await read(person)
    const [kept, paidBack] = plan.name === 'professional' ? [2999, 9999] : [9999, 2999]
    const found = await sql`
      select status, is_surplus from billing_subscriptions where account_id = ${person.id} order by is_surplus`
    expect([...found]).toMatchObject([
      { status: 'active', isSurplus: false },
      { status: 'ended', isSurplus: true },
    ])
    const amounts = (await payments(person)).map(({ kind, amountMinor }) => `${kind} ${amountMinor}`)
    expect(amounts.sort()).toEqual([`charge ${kept}`, `charge ${paidBack}`, `refund ${paidBack}`].sort())
  })

  test('during a trial begins its paid period when the trial ends', async () => {
    const person = await signedIn(app)
    const trial = await bodyOf<View>(await subscribe(person, 'professional'))
    expect(trial).toMatchObject({ status: 'trialing', provider: 'manual' })
    await onCheckout(await checkoutOf(await subscribe(person, 'professional')), 'pay')
    expect(await read(person)).toMatchObject({
      plan: { name: 'professional' },
      status: 'trialing',
      provider: 'sandbox',
      currentPeriodEnd: trial.currentPeriodEnd,
    })
    expect(await payments(person)).toEqual([])
    await act(person, 'renew')
    expect(await read(person)).toMatchObject({ status: 'active' })
    expect(await payments(person)).toHaveLength(1)
  })

  test('under an Idempotency-Key is answered again, also when it was paid since', async () => {
    const person = await givenTried('starter')
    const key = { 'Idempotency-Key': Bun.randomUUIDv7() }
    const [one, two] = [await subscribe(person, 'starter', {}, key), await subscribe(person, 'starter', {}, key)]
    expect([one.status, two.status, two.headers.get('idempotency-replayed')]).toEqual([202, 202, 'true'])
    const checkout = await checkoutOf(one)
    expect(await checkoutOf(two)).toBe(checkout)
    await onCheckout(checkout, 'pay')
    const three = await subscribe(person, 'starter', {}, key)
    expect([three.status, await bodyOf<View>(three)]).toMatchObject([200, { plan: { name: 'starter' } }])
  })
})

/** Of two charges. */
async function expectLastPaidBack({ id }: Payer): Promise<void> {
  const [refunded, ...charged] = await sql<{ kind: string; chargeId: string | null; paymentId: string }[]>`
    select kind, charge_id, provider_payment_id as payment_id from payments where account_id = ${id} order by kind desc, at desc`
  expect(charged.map(({ kind }) => kind)).toEqual(['charge', 'charge'])
  expect(refunded).toMatchObject({ kind: 'refund', chargeId: charged[0]?.paymentId ?? '' })
}

describe('a subscription is ended at the provider by', () => {
  test('a plan that an administrator grants in its place', async () => {
    const person = await givenPaying('starter')
    const subscription = await subscriptionOf(person)
    const admin = await signedIn(app, { role: 'superadmin' })
    const json = { plan: 'business', reason: 'a gift' }
    await request(`/v1/admin/users/${person.id}/subscription`, { method: 'PUT', bearer: admin.bearer, json })
    await worker.idle()
    expect((await sandbox.fetchSubscription(subscription, { signal: AbortSignal.timeout(60_000) }))?.status).toBe(
      'ended',
    )
    expect(await read(person)).toMatchObject({ plan: { name: 'business' }, provider: 'manual' })
    expect((await payments(person)).map(({ kind }) => kind)).toEqual(['charge'])
  })

  test('so it does, and what was charged since the grant goes back; what was paid before it does not', async () => {
    const person = await givenPaying('starter')
    const subscription = await subscriptionOf(person)
    const admin = await signedIn(app, { role: 'superadmin' })
    const json = { plan: 'business', reason: 'a gift' }
    await request(`/v1/admin/users/${person.id}/subscription`, { method: 'PUT', bearer: admin.bearer, json })
    // Before the provider is told of it.
    await actOnSubscription(sandbox, sql, subscription, 'renew')
    await worker.idle()
    await expectLastPaidBack(person)
  })

  test('that another took its place after it had ended here: what is paid late goes back, and nothing else', async () => {
    const person = await givenPaying('starter')
    const subscription = await subscriptionOf(person)
    await sql`update billing_subscriptions set over_at = clock_timestamp() where subscription_id = ${subscription}`
    await sql`update user_subscriptions set provider_subscription_id = 'another' where account_id = ${person.id} and ended_at is null`
    await actOnSubscription(sandbox, sql, subscription, 'renew')
    await worker.idle()
    await expectLastPaidBack(person)
  })

  test('an erasure, of which the task knows the provider’s ids alone', async () => {
    const person = await givenPaying('starter')
    const subscription = await subscriptionOf(person)
    const admin = await signedIn(app, { role: 'superadmin' })
    expect((await request(`/v1/admin/users/${person.id}`, { method: 'DELETE', bearer: admin.bearer })).status).toBe(204)
    const tasks = await sql`select * from billing_tasks where object_id = ${subscription}`
    expect(JSON.stringify(tasks)).not.toContain(person.id)
    await worker.idle()
    expect((await sandbox.fetchSubscription(subscription, { signal: AbortSignal.timeout(60_000) }))?.status).toBe(
      'ended',
    )
  })
})
