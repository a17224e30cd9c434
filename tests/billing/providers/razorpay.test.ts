import { beforeEach, describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import type { CheckoutRequest } from '../../../src/billing/providers/provider.ts'
import { openRazorpay } from '../../../src/billing/providers/razorpay/razorpay.ts'
import { at, failureOf, monthly, openFakeProvider, read, write } from './fake-provider.ts'

const keySecret = 'nobody-may-see-this-secret'
const missing = { error: { code: 'BAD_REQUEST_ERROR', description: 'The id provided does not exist' } }
const fake = openFakeProvider(missing)
const razorpay = openRazorpay({
  keyId: 'rzp_test_1',
  keySecret,
  webhookSecrets: ['new secret', 'old secret'],
  baseUrl: fake.url,
})
const refusal = (status: number, description: string, headers = {}) =>
  Response.json({ error: { code: 'BAD_REQUEST_ERROR', description } }, { status, headers })

const price = monthly(19_900, 'INR', true)

function subscription(change: Record<string, unknown> = {}) {
  return {
    id: 'sub_1',
    entity: 'subscription',
    plan_id: 'plan_1',
    customer_id: 'cust_theirs',
    status: 'active',
    current_start: at('2026-02-28T10:00:00Z'),
    current_end: at('2026-03-31T10:00:00Z'),
    ended_at: null,
    charge_at: at('2026-03-31T10:00:00Z'),
    start_at: at('2026-01-31T10:00:00Z'),
    created_at: at('2026-01-30T10:00:00Z'),
    expire_by: at('2026-01-31T10:00:00Z'),
    total_count: 120,
    paid_count: 2,
    remaining_count: 118,
    has_scheduled_changes: false,
    short_url: 'https://rzp.io/i/1',
    notes: { reference: 'intent-1', customer_id: 'cust_1' },
    ...change,
  }
}

const list = (...items: object[]) => ({ entity: 'collection', count: items.length, items })
const subscriptionPath = 'GET /v1/subscriptions/sub_1'

beforeEach(() => fake.forget())

describe('prices and checkout', () => {
  test('a plan is made once, and found again by what its notes say, on any page', async () => {
    fake.answer({ 'GET /v1/plans': list(), 'POST /v1/plans': { id: 'plan_9' } })
    expect(await razorpay.ensurePrice(price, write)).toBe('plan_9')
    expect(fake.askedOf('POST /v1/plans')[0]?.body).toEqual({
      period: 'monthly',
      interval: 1,
      item: { name: 'Professional', amount: 19_900, currency: 'INR', description: 'For teams' },
      notes: { price_id: price.id },
    })
    const others = Array.from({ length: 100 }, (_, index) => ({ id: `plan_o${index}`, notes: [] }))
    const ours = { id: 'plan_9', notes: { price_id: price.id } }
    fake.answer({ 'GET /v1/plans': ({ query }) => (query.skip === '100' ? list(ours) : list(...others)) })
    expect(await razorpay.ensurePrice(price, write)).toBe('plan_9')
    expect(fake.askedOf('POST /v1/plans')).toEqual([])
  })

  const request: CheckoutRequest = {
    reference: 'intent-1',
    customerId: 'cust_1',
    priceId: 'plan_1',
    price,
    startsAt: null,
    successUrl: 'https://app.test/done',
    cancelUrl: 'https://app.test/back',
    expiresAt: new Date('2026-03-01T12:00:00Z'),
  }

  test('a customer of an address that has one already is that one', async () => {
    fake.answer({ 'POST /v1/customers': { id: 'cust_1' } })
    expect(await razorpay.createCustomer({ reference: 'account-1', email: 'a@b.test' }, write)).toBe('cust_1')
    expect(fake.asked[0]?.body).toEqual({ email: 'a@b.test', fail_existing: '0', notes: { reference: 'account-1' } })
    expect(fake.asked[0]?.headers.get('authorization')).toBe(`Basic ${btoa(`rzp_test_1:${keySecret}`)}`)
  })

  test('a checkout is a subscription; asked for again after a lost answer, it is the same', async () => {
    const made = subscription({ status: 'created', expire_by: at('2026-03-01T12:00:00Z'), start_at: null })
    fake.answer({ 'GET /v1/subscriptions': list(), 'POST /v1/subscriptions': made })
    const checkout = { id: 'sub_1', url: 'https://rzp.io/i/1', expiresAt: request.expiresAt }
    expect(await razorpay.openCheckout(request, write)).toEqual(checkout)
    expect(fake.askedOf('POST /v1/subscriptions')[0]?.body).toEqual({
      plan_id: 'plan_1',
      total_count: 120,
      quantity: 1,
      customer_notify: 0,
      expire_by: at('2026-03-01T12:00:00Z'),
      notes: { reference: 'intent-1', customer_id: 'cust_1' },
    })
    fake.answer({ 'GET /v1/subscriptions': list(subscription({ id: 'sub_0', notes: [] }), made) })
    expect(await razorpay.openCheckout(request, write)).toEqual(checkout)
    expect(fake.askedOf('POST /v1/subscriptions')).toEqual([])
  })

  test('a period that begins later begins later there', async () => {
    fake.answer({ 'GET /v1/subscriptions': list(), 'POST /v1/subscriptions': subscription({ status: 'created' }) })
    await razorpay.openCheckout({ ...request, startsAt: new Date('2026-03-10T00:00:00Z') }, write)
    expect(fake.askedOf('POST /v1/subscriptions')[0]?.body.start_at).toBe(at('2026-03-10T00:00:00Z'))
  })

  test.each([
    ['created', {}, { state: 'open', subscriptionId: null }],
    ['authenticated', {}, { state: 'completed', subscriptionId: 'sub_1' }],
    ['active', {}, { state: 'completed', subscriptionId: 'sub_1' }],
    ['expired', {}, { state: 'expired', subscriptionId: null }],
    ['cancelled', { paid_count: 0 }, { state: 'expired', subscriptionId: null }],
    ['cancelled', {}, { state: 'completed', subscriptionId: 'sub_1' }],
  ])('one whose subscription is %s %j', async (status, change, expected) => {
    fake.answer({ [subscriptionPath]: subscription({ status, ...change }) })
    expect(await razorpay.fetchCheckout('sub_1', read)).toMatchObject(expected)
  })

  test('expired while it is open alone', async () => {
    const cancel = 'POST /v1/subscriptions/sub_1/cancel'
    fake.answer({ [subscriptionPath]: subscription({ status: 'created' }), [cancel]: {} })
    await razorpay.expireCheckout('sub_1', write)
    expect(fake.askedOf(cancel)).toHaveLength(1)
    fake.answer({ [subscriptionPath]: subscription() })
    await razorpay.expireCheckout('sub_1', write)
    expect(fake.askedOf(cancel)).toEqual([])
    expect(await razorpay.fetchCheckout('sub_gone', read)).toBeNull()
  })
})

describe('a subscription as it is now', () => {
  const invoice = (status: string, end: string) => ({
    id: `inv_${end.length}${status}`,
    status,
    amount: 19_900,
    currency: 'INR',
    billing_end: at(end),
    created_at: 1,
  })
  const paid = list(
    invoice('paid', '2026-02-28T10:00:00Z'),
    invoice('issued', '2026-03-31T10:00:00Z'),
    invoice('paid', '2026-01-31T10:00:00Z'),
  )

  test.each([
    ['active', {}, { status: 'active', paidUntil: new Date('2026-03-31T10:00:00Z'), customerId: 'cust_1' }],
    ['pending', {}, { status: 'past_due', paidUntil: new Date('2026-02-28T10:00:00Z') }],
    ['halted', {}, { status: 'past_due', paidUntil: new Date('2026-02-28T10:00:00Z') }],
    ['paused', {}, { status: 'past_due', paidUntil: new Date('2026-02-28T10:00:00Z') }],
    [
      'authenticated',
      { paid_count: 0, current_end: null },
      { status: 'trialing', paidUntil: new Date('2026-01-31T10:00:00Z') },
    ],
    ['authenticated', { paid_count: 0, start_at: null, current_end: null }, { status: 'incomplete' }],
    ['created', { current_end: null }, { status: 'incomplete' }],
    [
      'cancelled',
      { ended_at: at('2026-03-01T00:00:00Z') },
      { status: 'ended', endedAt: new Date('2026-03-01T00:00:00Z') },
    ],
    ['completed', {}, { status: 'ended' }],
    ['expired', { current_end: null }, { status: 'ended' }],
    ['active', { notes: [] }, { reference: null, customerId: 'cust_theirs' }],
    ['active', { charge_at: null }, { cancelAtPeriodEnd: true }],
    ['active', { remaining_count: 0 }, { cancelAtPeriodEnd: true }],
    ['active', { has_scheduled_changes: true }, { pendingPriceId: 'plan_2' }],
  ] as [string, object, object][])('%s %j', async (status, change, expected) => {
    fake.answer({
      [subscriptionPath]: subscription({ status, ...change }),
      'GET /v1/subscriptions/sub_1/retrieve_scheduled_changes': subscription({ plan_id: 'plan_2' }),
      'GET /v1/invoices': paid,
    })
    expect(await razorpay.fetchSubscription('sub_1', read)).toMatchObject(expected)
  })

  test('is null for an unknown id', async () => {
    fake.answer({ [subscriptionPath]: refusal(400, 'The id provided does not exist') })
    expect(await razorpay.fetchSubscription('sub_1', read)).toBeNull()
  })

  test('all of ours that go on, page after page', async () => {
    const page = Array.from({ length: 100 }, (_, index) => subscription({ id: `sub_o${index}`, notes: [] }))
    fake.answer({
      'GET /v1/subscriptions': ({ query }) =>
        query.skip === '0'
          ? list(...page)
          : list(subscription(), subscription({ id: 'sub_2', status: 'completed' }), subscription({ id: 'sub_3' })),
    })
    const ids: string[] = []
    for await (const { id } of razorpay.listSubscriptions(read)) ids.push(id)
    expect(ids).toEqual(['sub_1', 'sub_3'])
  })
})

describe('changes', () => {
  const patch = 'PATCH /v1/subscriptions/sub_1'
  const cancel = 'POST /v1/subscriptions/sub_1/cancel'

  test('an upgrade is in force when the subscription stays active, else it waits on its page', async () => {
    fake.answer({ [subscriptionPath]: subscription(), [patch]: subscription({ plan_id: 'plan_2' }) })
    expect(await razorpay.changeNow('sub_1', 'plan_2', write)).toEqual({ outcome: 'paid' })
    expect(fake.askedOf(patch)[0]?.body).toMatchObject({ plan_id: 'plan_2', schedule_change_at: 'now' })
    fake.answer({ [patch]: subscription({ plan_id: 'plan_2', status: 'pending' }) })
    expect(await razorpay.changeNow('sub_1', 'plan_2', write)).toEqual({
      outcome: 'unpaid',
      payUrl: 'https://rzp.io/i/1',
    })
    fake.answer({ [subscriptionPath]: subscription({ plan_id: 'plan_2' }) })
    expect(await razorpay.changeNow('sub_1', 'plan_2', write)).toEqual({ outcome: 'paid' })
    expect(fake.askedOf(patch)).toEqual([])
  })

  test('a mandate of UPI cannot be changed', async () => {
    fake.answer({
      [subscriptionPath]: subscription(),
      [patch]: refusal(400, 'subscriptions cannot be updated when payment mode is upi'),
    })
    expect((await failureOf(razorpay.changeNow('sub_1', 'plan_2', write))).failure).toBe('unsupported')
    expect((await failureOf(razorpay.changeAtPeriodEnd('sub_1', 'plan_2', write))).failure).toBe('unsupported')
  })

  test('a downgrade waits for the end of the cycle, and is taken back', async () => {
    const takeBack = 'POST /v1/subscriptions/sub_1/cancel_scheduled_changes'
    fake.answer({ [subscriptionPath]: subscription(), [patch]: subscription(), [takeBack]: {} })
    await razorpay.changeAtPeriodEnd('sub_1', 'plan_0', write)
    expect(fake.askedOf(patch)[0]?.body).toMatchObject({ plan_id: 'plan_0', schedule_change_at: 'cycle_end' })
    await razorpay.changeAtPeriodEnd('sub_1', null, write)
    expect(fake.askedOf(takeBack)).toEqual([])
    fake.answer({ [subscriptionPath]: subscription({ has_scheduled_changes: true }) })
    await razorpay.changeAtPeriodEnd('sub_1', null, write)
    expect(fake.askedOf(takeBack)).toHaveLength(1)
  })

  test.each([
    ['active', 'period-end', 1],
    ['active', 'now', 0],
    ['halted', 'period-end', 0],
    ['authenticated', 'period-end', 0],
  ] as const)('%s, cancelled %s', async (status, when, expected) => {
    fake.answer({ [subscriptionPath]: subscription({ status }), [cancel]: {} })
    await razorpay.cancel('sub_1', when, write)
    expect(fake.askedOf(cancel)[0]?.body).toEqual({ cancel_at_cycle_end: expected })
  })

  test('what has ended is left alone; what it cannot do is said', async () => {
    fake.answer({ [subscriptionPath]: subscription({ status: 'cancelled' }) })
    await razorpay.cancel('sub_1', 'now', write)
    expect(fake.askedOf(cancel)).toEqual([])
    expect((await failureOf(razorpay.resume('sub_1', write))).failure).toBe('unsupported')
    const ids = { customerId: 'cust_1', subscriptionId: 'sub_1' }
    expect((await failureOf(razorpay.openPortal(ids, 'https://app.test', read))).failure).toBe('unsupported')
    expect(await razorpay.previewChange('sub_1', 'plan_2', read)).toBeNull()
  })
})

describe('payments', () => {
  const invoice = {
    id: 'inv_1',
    subscription_id: 'sub_1',
    payment_id: 'pay_1',
    status: 'paid',
    amount: 19_900,
    currency: 'INR',
    billing_start: at('2026-02-28T10:00:00Z'),
    billing_end: at('2026-03-31T10:00:00Z'),
    created_at: at('2026-02-28T10:00:00Z'),
    short_url: 'https://rzp.io/i/inv',
  }
  const payment = {
    id: 'pay_1',
    status: 'captured',
    amount: 19_900,
    currency: 'INR',
    amount_refunded: 900,
    invoice_id: 'inv_1',
    created_at: at('2026-02-28T10:01:00Z'),
  }
  const dispute = (payment_id: string) => ({
    id: `disp_${payment_id}`,
    payment_id,
    amount: 19_900,
    currency: 'INR',
    status: 'lost',
    created_at: 5,
  })

  test('charges with their refunds and disputes; the renewal that failed', async () => {
    fake.answer({
      [subscriptionPath]: subscription({ status: 'pending' }),
      'GET /v1/invoices': list({ ...invoice, id: 'inv_2', payment_id: null, status: 'issued' }, invoice, {
        ...invoice,
        id: 'inv_0',
        payment_id: 'pay_0',
        created_at: 1,
      }),
      'GET /v1/payments/pay_1': payment,
      'GET /v1/payments/pay_1/refunds': list({
        id: 'rfnd_1',
        amount: 900,
        currency: 'INR',
        status: 'processed',
        created_at: 4,
      }),
      'GET /v1/disputes': list(dispute('pay_1'), dispute('pay_other')),
    })
    expect(
      await razorpay.listPayments({ id: 'sub_1', customerId: 'cust_1' }, new Date('2026-02-01T00:00:00Z'), read),
    ).toMatchObject([
      { id: 'inv_2', kind: 'charge', status: 'failed' },
      {
        id: 'pay_1',
        kind: 'charge',
        status: 'succeeded',
        money: { amountMinor: 19_900, currency: 'INR' },
        period: { start: new Date('2026-02-28T10:00:00Z'), end: new Date('2026-03-31T10:00:00Z') },
        invoiceUrl: 'https://rzp.io/i/inv',
        subscriptionId: 'sub_1',
      },
      { id: 'rfnd_1', kind: 'refund', status: 'succeeded', chargeId: 'pay_1', subscriptionId: 'sub_1' },
      { id: 'disp_pay_1', kind: 'dispute', status: 'succeeded', chargeId: 'pay_1' },
    ])
  })

  test('what is left of a charge is paid back once', async () => {
    const refund = 'POST /v1/payments/pay_1/refund'
    fake.answer({ 'GET /v1/payments/pay_1': payment, [refund]: {} })
    await razorpay.refund({ chargeId: 'pay_1', subscriptionId: 'sub_1' }, write)
    expect(fake.askedOf(refund)[0]?.body).toEqual({ amount: 19_000 })
    fake.answer({ 'GET /v1/payments/pay_1': { ...payment, status: 'refunded' } })
    await razorpay.refund({ chargeId: 'pay_1', subscriptionId: 'sub_1' }, write)
    expect(fake.askedOf(refund)).toEqual([])
  })

  test.each([
    ['sub_1', { subscriptionId: 'sub_1' }],
    ['inv_1', { subscriptionId: 'sub_1' }],
    ['pay_1', { subscriptionId: 'sub_1' }],
    ['pay_loose', null],
    ['pay_gone', null],
    ['order_1', null],
    [null, null],
  ])('%s leads to %j', async (objectId, expected) => {
    fake.answer({
      'GET /v1/invoices/inv_1': invoice,
      'GET /v1/payments/pay_1': payment,
      'GET /v1/payments/pay_loose': { ...payment, invoice_id: null },
    })
    expect(await razorpay.findSubject({ id: 'e', type: 'x', objectId }, read)).toEqual(expected)
  })
})

describe('whatever it does instead of answering is a ProviderError that quotes nothing', () => {
  test.each([
    ['a request it does not take', refusal(400, 'of a@b.test'), 'refused'],
    ['a key it does not know', refusal(401, 'Authentication failed'), 'unavailable'],
    ['too many requests', refusal(429, 'slow', { 'retry-after': '7' }), 'unavailable'],
    ['an error of its own', refusal(500, 'oh'), 'unavailable'],
    ['HTML that it was refused in', new Response('<html>', { status: 400 }), 'unreadable'],
    ['HTML', new Response('<html>'), 'unreadable'],
    ['no object', Response.json([]), 'unreadable'],
    ['an empty object', Response.json({}), 'unreadable'],
    ['a status that nobody knows', Response.json(subscription({ status: 'dormant' })), 'unreadable'],
    ['a redirect', Response.redirect('https://elsewhere.test/'), 'unavailable'],
  ] as const)('%s', async (_, answer, failure) => {
    fake.answer({ [subscriptionPath]: answer })
    const error = await failureOf(razorpay.fetchSubscription('sub_1', read))
    expect(error.failure).toBe(failure)
    expect(error.retryAfterSeconds).toBe(answer.headers.get('retry-after') ? 7 : undefined)
    expect(error.message).not.toMatch(/a@b\.test|nobody-may-see/)
  })

  test('an answer that is too long, though it would be right', async () => {
    const padded = (length: number) => Response.json(subscription({ padding: 'x'.repeat(length) }))
    fake.answer({ [subscriptionPath]: padded(16_000_000) })
    expect(await razorpay.fetchSubscription('sub_1', read)).toMatchObject({ status: 'active' })
    fake.answer({ [subscriptionPath]: padded(16_777_217) })
    expect((await failureOf(razorpay.fetchSubscription('sub_1', read))).failure).toBe('unavailable')
  })

  test('no answer: it ends with the signal', async () => {
    const gone = new AbortController()
    fake.answer({
      [subscriptionPath]: () => {
        gone.abort()
        return new Promise<Response>(() => {})
      },
    })
    expect((await failureOf(razorpay.fetchSubscription('sub_1', { signal: gone.signal }))).failure).toBe('unavailable')
  })
})

describe('webhooks', () => {
  const event = (payload: object) =>
    JSON.stringify({ entity: 'event', event: 'subscription.charged', payload, created_at: 1_772_272_800 })
  const entity = (id: string, more = {}) => ({ entity: { id, ...more } })
  const charged = event({ subscription: entity('sub_1'), payment: entity('pay_1') })
  const sign = (body: string, secret: string) => createHmac('sha256', secret).update(body).digest('hex')
  const verify = (body: string, signature: string | null) =>
    razorpay.verifyWebhook(
      new TextEncoder().encode(body),
      new Headers(signature === null ? {} : { 'x-razorpay-signature': signature }),
    )

  test.each(['new secret', 'old secret'])('signed with the %s; the same body is the same event', async (secret) => {
    const [first, again] = [await verify(charged, sign(charged, secret)), await verify(charged, sign(charged, secret))]
    expect(first).toMatchObject({ type: 'subscription.charged', objectId: 'sub_1' })
    expect(first?.id).toMatch(/^[0-9a-f]{64}$/)
    expect(again).toEqual(first)
    const other = event({ subscription: entity('sub_2') })
    expect((await verify(other, sign(other, secret)))?.id).not.toBe(first?.id)
  })

  test.each([
    [{ invoice: entity('inv_1'), payment: entity('pay_1') }, 'inv_1'],
    [{ refund: entity('rfnd_1', { payment_id: 'pay_1' }) }, 'pay_1'],
    [{ payment: entity('pay_1'), dispute: entity('disp_1', { payment_id: 'pay_1' }) }, 'pay_1'],
    [{ order: entity('order_1') }, null],
  ])('%j is about %s', async (payload, objectId) => {
    const body = event(payload)
    expect(await verify(body, sign(body, 'new secret'))).toMatchObject({ objectId })
  })

  test.each([
    ['another secret', charged, sign(charged, 'other')],
    ['another body', `${charged} `, sign(charged, 'new secret')],
    ['an empty body', '', sign(charged, 'new secret')],
    ['a signed empty body', '', sign('', 'new secret')],
    ['a signed body that is no event', '{}', sign('{}', 'new secret')],
    ['no signature', charged, null],
    ['an empty signature', charged, ''],
    ['a signature in capitals', charged, sign(charged, 'new secret').toUpperCase()],
    ['half a signature', charged, sign(charged, 'new secret').slice(0, 32)],
  ])('%s is refused', async (_, body, signature) => {
    expect(await verify(body, signature)).toBeNull()
  })
})
