import { beforeEach, describe, expect, test } from 'bun:test'
import type { CheckoutRequest } from '../../../src/billing/providers/provider.ts'
import { openStripe } from '../../../src/billing/providers/stripe/stripe.ts'
import { at, failureOf, monthly, openFakeProvider, read, write } from './fake-provider.ts'

const secretKey = 'sk_test_nobody-may-see-this-key'
const missing = { error: { type: 'invalid_request_error', code: 'resource_missing', message: 'No such thing' } }
const fake = openFakeProvider(missing)
const stripe = await openStripe({ secretKey, webhookSecrets: ['whsec_new', 'whsec_old'], baseUrl: fake.url })
const refusal = (status: number, error: object, headers = {}) => Response.json({ error }, { status, headers })

const price = monthly(2999, 'USD', false)

function subscription(change: Record<string, unknown> = {}) {
  return {
    id: 'sub_1',
    object: 'subscription',
    customer: 'cus_1',
    status: 'active',
    metadata: { reference: 'intent-1' },
    start_date: at('2026-01-31T10:00:00Z'),
    ended_at: null,
    cancel_at_period_end: false,
    pending_update: null,
    latest_invoice: { id: 'in_1', status: 'paid', billing_reason: 'subscription_cycle', hosted_invoice_url: null },
    schedule: null,
    items: {
      object: 'list',
      data: [
        {
          id: 'si_1',
          current_period_start: at('2026-02-28T10:00:00Z'),
          current_period_end: at('2026-03-31T10:00:00Z'),
          price: { id: 'price_1', recurring: { interval: 'month' } },
        },
      ],
    },
    ...change,
  }
}

const scheduleTo = (next: string) => ({
  id: 'sub_sched_1',
  current_phase: { start_date: at('2026-02-28T10:00:00Z'), end_date: at('2026-03-31T10:00:00Z') },
  phases: [
    { start_date: at('2026-02-28T10:00:00Z'), items: [{ price: 'price_1' }] },
    { start_date: at('2026-03-31T10:00:00Z'), items: [{ price: next }] },
  ],
})

beforeEach(() => fake.forget())

describe('prices', () => {
  const made = {
    'GET /v1/prices': { data: [] },
    'POST /v1/products': { id: 'x' },
    'POST /v1/prices': { id: 'price_9' },
  }

  test('a price is made once, under its own id, and found again by it', async () => {
    fake.answer(made)
    expect(await stripe.ensurePrice(price, write)).toBe('price_9')
    expect(fake.askedOf('GET /v1/prices')[0]?.query).toMatchObject({ 'lookup_keys[0]': price.id })
    expect(fake.askedOf('POST /v1/products')[0]?.body).toMatchObject({ id: 'manas360_professional' })
    expect(fake.askedOf('POST /v1/prices')[0]?.body).toEqual({
      product: 'manas360_professional',
      currency: 'usd',
      unit_amount: '2999',
      'recurring[interval]': 'month',
      tax_behavior: 'exclusive',
      lookup_key: price.id,
    })
    fake.answer({ 'GET /v1/prices': { data: [{ id: 'price_9' }] } })
    expect(await stripe.ensurePrice(price, write)).toBe('price_9')
    expect(fake.askedOf('POST /v1/prices')).toEqual([])
  })

  test('a product that is there already is used', async () => {
    const exists = refusal(400, { type: 'invalid_request_error', code: 'resource_already_exists' })
    fake.answer({ ...made, 'POST /v1/products': exists })
    expect(await stripe.ensurePrice(price, write)).toBe('price_9')
  })

  test.each([
    ['JPY', 500, '500'],
    ['KWD', 1500, '1500'],
    ['ISK', 500, '50000'],
    ['UGX', 500, '50000'],
    ['MGA', 500, '5'],
    ['INR', 19900, '19900'],
  ])('%s %d is %s there', async (currency, amountMinor, expected) => {
    fake.answer(made)
    await stripe.ensurePrice({ ...price, money: { amountMinor, currency } }, write)
    expect(fake.askedOf('POST /v1/prices')[0]?.body.unit_amount).toBe(expected)
  })

  test.each([
    ['KWD', 1501],
    ['MGA', 501],
  ])('%s %d is an amount that Stripe does not have', async (currency, amountMinor) => {
    const error = await failureOf(stripe.ensurePrice({ ...price, money: { amountMinor, currency } }, write))
    expect(error.failure).toBe('unsupported')
    expect(fake.asked).toEqual([])
  })
})

describe('checkout', () => {
  const request: CheckoutRequest = {
    reference: 'intent-1',
    customerId: 'cus_1',
    priceId: 'price_1',
    price,
    startsAt: null,
    successUrl: 'https://app.test/done',
    cancelUrl: 'https://app.test/back',
    expiresAt: new Date('2026-03-01T12:00:00Z'),
  }
  const session = {
    id: 'cs_test_1',
    url: 'https://checkout.stripe.com/c/1',
    status: 'open',
    subscription: null,
    expires_at: at('2026-03-01T12:00:00Z'),
  }

  test('makes a customer and a page, each under an idempotency key of the intent', async () => {
    fake.answer({ 'POST /v1/customers': { id: 'cus_1' }, 'POST /v1/checkout/sessions': session })
    expect(await stripe.createCustomer({ reference: 'account-1', email: 'a@b.test' }, write)).toBe('cus_1')
    expect(await stripe.openCheckout(request, write)).toEqual({
      id: 'cs_test_1',
      url: 'https://checkout.stripe.com/c/1',
      expiresAt: request.expiresAt,
    })
    expect(fake.asked.map(({ headers }) => headers.get('idempotency-key'))).toEqual([
      'intent-1-customer',
      'intent-1-checkout',
    ])
    expect(fake.asked.map(({ headers }) => headers.get('stripe-version'))).toEqual(Array(2).fill('2026-10-28.endive'))
    expect(fake.asked[1]?.body).toEqual({
      mode: 'subscription',
      customer: 'cus_1',
      client_reference_id: 'intent-1',
      'line_items[0][price]': 'price_1',
      'line_items[0][quantity]': '1',
      'subscription_data[metadata][reference]': 'intent-1',
      success_url: request.successUrl,
      cancel_url: request.cancelUrl,
      expires_at: String(at('2026-03-01T12:00:00Z')),
    })
  })

  test.each([
    ['2026-03-03T12:00:00Z', { trial_end: '2026-03-03T12:00:00Z' }],
    ['2026-03-03T11:59:59Z', { billing_cycle_anchor: '2026-03-03T11:59:59Z' }],
    ['2026-03-01T12:00:00Z', {}],
  ])('a period that begins at %s', async (startsAt, expected) => {
    fake.answer({ 'POST /v1/checkout/sessions': session })
    await stripe.openCheckout({ ...request, startsAt: new Date(startsAt) }, write)
    const body = fake.asked[0]?.body
    for (const name of ['trial_end', 'billing_cycle_anchor'] as const) {
      const time = (expected as Record<string, string>)[name]
      expect(body?.[`subscription_data[${name}]`]).toBe(time === undefined ? undefined : String(at(time)))
    }
  })

  test('its state: open, completed, expired, unknown', async () => {
    const path = 'GET /v1/checkout/sessions/cs_test_1'
    fake.answer({ [path]: { ...session, status: 'complete', subscription: 'sub_1' } })
    expect(await stripe.fetchCheckout('cs_test_1', read)).toEqual({
      id: 'cs_test_1',
      state: 'completed',
      subscriptionId: 'sub_1',
    })
    fake.answer({ [path]: { ...session, status: 'expired', url: null } })
    expect(await stripe.fetchCheckout('cs_test_1', read)).toMatchObject({ state: 'expired', subscriptionId: null })
    fake.forget()
    expect(await stripe.fetchCheckout('cs_test_1', read)).toBeNull()
  })

  test('one that is over is left alone, one that is open and does not end is told', async () => {
    const stays = refusal(400, { type: 'invalid_request_error', message: 'Only open sessions can be expired' })
    const path = 'GET /v1/checkout/sessions/cs_test_1'
    fake.answer({ 'POST /v1/checkout/sessions/cs_test_1/expire': stays, [path]: { ...session, status: 'complete' } })
    await stripe.expireCheckout('cs_test_1', write)
    await stripe.expireCheckout('cs_test_unknown', write)
    fake.answer({ [path]: session })
    expect((await failureOf(stripe.expireCheckout('cs_test_1', write))).failure).toBe('refused')
  })

  test('the portal is a page of the provider, which returns to the app', async () => {
    fake.answer({ 'POST /v1/billing_portal/sessions': { id: 'bps_1', url: 'https://billing.stripe.com/p/1' } })
    const ids = { customerId: 'cus_1', subscriptionId: 'sub_1' }
    expect(await stripe.openPortal(ids, 'https://app.test', read)).toBe('https://billing.stripe.com/p/1')
    expect(fake.asked[0]?.body).toEqual({ customer: 'cus_1', return_url: 'https://app.test' })
  })
})

describe('a subscription as it is now', () => {
  const path = 'GET /v1/subscriptions/sub_1'
  const start = new Date('2026-02-28T10:00:00Z')
  const end = new Date('2026-03-31T10:00:00Z')
  const renewal = (status: string) => ({ latest_invoice: { status, billing_reason: 'subscription_cycle' } })

  test.each([
    ['paid', {}, { status: 'active', paidUntil: end }],
    ['renewed and not charged yet', renewal('draft'), { status: 'active', paidUntil: start }],
    ['renewed and being charged', renewal('open'), { status: 'active', paidUntil: start }],
    ['renewed and forgiven', renewal('void'), { status: 'active', paidUntil: end }],
    ['failed to renew', { status: 'past_due', ...renewal('open') }, { status: 'past_due', paidUntil: start }],
    ['never paid again', { status: 'unpaid', ...renewal('open') }, { status: 'past_due', paidUntil: start }],
    ['on trial', { status: 'trialing' }, { status: 'trialing', paidUntil: end }],
    [
      'anchored at a moment to come',
      { metadata: { reference: 'intent-1', starts_at: String(end.getTime() / 1000) } },
      { status: 'trialing', paidUntil: end },
    ],
    ['not paid yet', { status: 'incomplete' }, { status: 'incomplete' }],
    ['never paid', { status: 'incomplete_expired' }, { status: 'ended' }],
    [
      'over',
      { status: 'canceled', ended_at: at('2026-03-01T00:00:00Z') },
      { endedAt: new Date('2026-03-01T00:00:00Z') },
    ],
    ['of somebody else', { metadata: {} }, { reference: null }],
    ['ending', { cancel_at_period_end: true }, { cancelAtPeriodEnd: true }],
    ['with a change to come', { schedule: scheduleTo('price_2') }, { pendingPriceId: 'price_2', priceId: 'price_1' }],
    ['with the same to come', { schedule: scheduleTo('price_1') }, { pendingPriceId: null }],
  ] as [string, object, object][])('%s', async (_, change, expected) => {
    fake.answer({ [path]: subscription(change as Record<string, unknown>) })
    expect(await stripe.fetchSubscription('sub_1', read)).toMatchObject(expected)
  })

  test('unknown: null; expanded as the schemas need it', async () => {
    expect(await stripe.fetchSubscription('sub_1', read)).toBeNull()
    expect(fake.asked[0]?.query).toEqual({ 'expand[0]': 'latest_invoice', 'expand[1]': 'schedule' })
  })

  test('all of ours, page after page', async () => {
    const page = (ids: string[], has_more: boolean) => ({
      object: 'list',
      has_more,
      data: ids.map((id) => subscription({ id, ...(id === 'sub_foreign' && { metadata: {} }) })),
    })
    fake.answer({
      'GET /v1/subscriptions': ({ query }) =>
        query.starting_after === 'sub_foreign' ? page(['sub_3'], false) : page(['sub_1', 'sub_foreign'], true),
    })
    const ids: string[] = []
    for await (const { id } of stripe.listSubscriptions(read)) ids.push(id)
    expect(ids).toEqual(['sub_1', 'sub_3'])
  })
})

describe('changes', () => {
  const get = 'GET /v1/subscriptions/sub_1'
  const update = 'POST /v1/subscriptions/sub_1'
  const release = 'POST /v1/subscription_schedules/sub_sched_1/release'

  test('an upgrade is in force when it is paid, else it waits behind its invoice', async () => {
    fake.answer({ [get]: subscription(), [update]: subscription() })
    expect(await stripe.changeNow('sub_1', 'price_2', write)).toEqual({ outcome: 'paid' })
    expect(fake.askedOf(update)[0]?.body).toMatchObject({
      'items[0][id]': 'si_1',
      'items[0][price]': 'price_2',
      proration_behavior: 'always_invoice',
      payment_behavior: 'pending_if_incomplete',
    })
    const invoice = { status: 'open', billing_reason: 'subscription_update', hosted_invoice_url: 'https://pay.test/1' }
    fake.answer({ [update]: subscription({ pending_update: { expires_at: 1 }, latest_invoice: invoice }) })
    expect(await stripe.changeNow('sub_1', 'price_2', write)).toEqual({
      outcome: 'unpaid',
      payUrl: 'https://pay.test/1',
    })
  })

  test('an upgrade takes back what was to come at the end of the period', async () => {
    fake.answer({ [get]: subscription({ schedule: scheduleTo('price_0') }), [update]: subscription(), [release]: {} })
    await stripe.changeNow('sub_1', 'price_2', write)
    expect(fake.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([get, release, update])
  })

  test('what an upgrade would cost, from the prorated lines alone', async () => {
    const line = (amount: number, proration: boolean) => ({
      amount,
      period: { start: 1, end: 2 },
      parent: { subscription_item_details: { proration } },
    })
    const lines = { data: [line(-1500, true), line(4500, true), line(9900, false)] }
    fake.answer({ [get]: subscription(), 'POST /v1/invoices/create_preview': { currency: 'usd', lines } })
    expect(await stripe.previewChange('sub_1', 'price_2', read)).toEqual({
      creditMinor: 1500,
      chargeMinor: 4500,
      currency: 'USD',
    })
  })

  test('a downgrade is the next phase of a schedule', async () => {
    const phases = 'POST /v1/subscription_schedules/sub_sched_1'
    fake.answer({
      [get]: subscription(),
      'POST /v1/subscription_schedules': { id: 'sub_sched_1' },
      [phases]: {},
    })
    await stripe.changeAtPeriodEnd('sub_1', 'price_0', write)
    expect(fake.askedOf(phases)[0]?.body).toMatchObject({
      end_behavior: 'release',
      'phases[0][items][0][price]': 'price_1',
      'phases[0][end_date]': String(at('2026-03-31T10:00:00Z')),
      'phases[1][items][0][price]': 'price_0',
      'phases[1][proration_behavior]': 'none',
    })
    fake.answer({ [get]: subscription({ schedule: scheduleTo('price_0') }), [release]: {} })
    await stripe.changeAtPeriodEnd('sub_1', null, write)
    expect(fake.askedOf(release)).toHaveLength(1)
  })

  test('cancels at the end of the period, withdraws that, and cancels at once', async () => {
    const cancel = 'DELETE /v1/subscriptions/sub_1'
    fake.answer({ [get]: subscription({ schedule: scheduleTo('price_0') }), [update]: {}, [release]: {}, [cancel]: {} })
    await stripe.cancel('sub_1', 'period-end', write)
    expect(fake.askedOf(release)).toHaveLength(1)
    expect(fake.askedOf(update)[0]?.body).toEqual({ cancel_at_period_end: 'true' })
    await stripe.resume('sub_1', write)
    expect(fake.askedOf(update)[1]?.body).toEqual({ cancel_at_period_end: 'false' })
    await stripe.cancel('sub_1', 'now', write)
    expect(fake.askedOf(cancel)).toHaveLength(1)
    fake.answer({ [get]: subscription({ status: 'canceled', ended_at: 1 }) })
    await stripe.cancel('sub_1', 'now', write)
    expect(fake.askedOf(cancel)).toEqual([])
  })
})

describe('payments', () => {
  const charge = (change: object) => ({
    id: 'ch_1',
    amount: 2999,
    amount_refunded: 0,
    currency: 'usd',
    created: at('2026-02-28T11:00:00Z'),
    disputed: false,
    status: 'succeeded',
    payment_intent: 'pi_1',
    ...change,
  })
  const invoice = {
    id: 'in_1',
    hosted_invoice_url: 'https://invoice.test/1',
    payments: { data: [{ payment: { type: 'payment_intent', payment_intent: 'pi_1' } }] },
    lines: {
      data: [
        {
          amount: -10,
          period: { start: 1, end: 99_999_999_999 },
          parent: { subscription_item_details: { proration: true } },
        },
        {
          amount: 2999,
          period: { start: at('2026-02-28T10:00:00Z'), end: at('2026-03-31T10:00:00Z') },
          parent: { subscription_item_details: { proration: false } },
        },
      ],
    },
  }

  const sub1 = { id: 'sub_1', customerId: 'cus_1' }

  test('charges of the subscription alone, with their refunds and disputes', async () => {
    fake.answer({
      'GET /v1/invoices': { data: [invoice] },
      'GET /v1/charges': {
        data: [charge({ amount_refunded: 999, disputed: true }), charge({ id: 'ch_other', payment_intent: 'pi_2' })],
      },
      'GET /v1/refunds': { data: [{ id: 're_1', amount: 999, currency: 'usd', created: 2, status: 'succeeded' }] },
      'GET /v1/disputes': {
        data: [{ id: 'du_1', amount: 2999, currency: 'usd', created: 3, status: 'needs_response' }],
      },
    })
    const payments = await stripe.listPayments(sub1, new Date('2026-02-01T00:00:00Z'), read)
    expect(payments).toMatchObject([
      {
        id: 'ch_1',
        kind: 'charge',
        status: 'succeeded',
        money: { amountMinor: 2999, currency: 'USD' },
        period: { start: new Date('2026-02-28T10:00:00Z'), end: new Date('2026-03-31T10:00:00Z') },
        invoiceUrl: 'https://invoice.test/1',
      },
      { id: 're_1', kind: 'refund', status: 'succeeded', chargeId: 'ch_1', money: { amountMinor: 999 } },
      { id: 'du_1', kind: 'dispute', status: 'pending', chargeId: 'ch_1' },
    ])
    expect(fake.askedOf('GET /v1/charges')[0]?.query).toMatchObject({ customer: 'cus_1' })
    expect(fake.askedOf('GET /v1/subscriptions/sub_1')).toEqual([])
  })

  test.each([
    ['won', 'failed'],
    ['warning_closed', 'failed'],
    ['lost', 'succeeded'],
    ['warning_under_review', 'pending'],
  ])('a dispute that is %s is %s', async (status, expected) => {
    fake.answer({
      'GET /v1/invoices': { data: [invoice] },
      'GET /v1/charges': { data: [charge({ disputed: true })] },
      'GET /v1/disputes': { data: [{ id: 'du_1', amount: 1, currency: 'usd', created: 3, status }] },
    })
    expect((await stripe.listPayments(sub1, new Date(0), read))[1]?.status).toBe(expected as 'failed')
  })

  test('a refund, and one of what was paid back already', async () => {
    fake.answer({ 'POST /v1/refunds': { id: 're_1' } })
    await stripe.refund({ chargeId: 'ch_1', subscriptionId: 'sub_1' }, write)
    expect(fake.asked[0]?.body).toEqual({ charge: 'ch_1' })
    fake.answer({
      'POST /v1/refunds': refusal(400, { type: 'invalid_request_error', code: 'charge_already_refunded' }),
    })
    await stripe.refund({ chargeId: 'ch_1', subscriptionId: 'sub_1' }, write)
  })

  test.each([
    ['sub_1', { subscriptionId: 'sub_1' }],
    ['in_1', { subscriptionId: 'sub_1' }],
    ['pi_1', { subscriptionId: 'sub_1' }],
    ['ch_1', { subscriptionId: 'sub_1' }],
    ['re_1', { subscriptionId: 'sub_1' }],
    ['du_1', { subscriptionId: 'sub_1' }],
    ['sub_sched_1', { subscriptionId: 'sub_1' }],
    ['cs_test_1', { checkoutId: 'cs_test_1' }],
    ['cus_1', null],
    ['in_gone', null],
  ])('%s leads to %j', async (objectId, expected) => {
    const ofPayment = { id: 'x_1', payment_intent: 'pi_1' }
    fake.answer({
      'GET /v1/invoices/in_1': { id: 'in_1', parent: { subscription_details: { subscription: 'sub_1' } } },
      'GET /v1/invoice_payments': { data: [{ invoice: 'in_1' }] },
      'GET /v1/charges/ch_1': ofPayment,
      'GET /v1/refunds/re_1': ofPayment,
      'GET /v1/disputes/du_1': ofPayment,
      'GET /v1/subscription_schedules/sub_sched_1': { subscription: 'sub_1' },
      'GET /v1/checkout/sessions/cs_test_1': {
        id: 'cs_test_1',
        url: null,
        status: 'open',
        subscription: null,
        expires_at: 1,
      },
    })
    expect(await stripe.findSubject({ id: 'evt_1', type: 'x', objectId }, read)).toEqual(expected)
  })
})

describe('whatever it does instead of answering is a ProviderError that quotes nothing', () => {
  const path = 'GET /v1/subscriptions/sub_1'
  const quoting = { message: 'of a@b.test', param: 'x' }

  test.each([
    ['a card declined', refusal(402, { type: 'card_error', code: 'card_declined', ...quoting }), 'refused'],
    ['a request it does not take', refusal(400, { type: 'invalid_request_error', ...quoting }), 'refused'],
    ['a lock', refusal(429, { type: 'invalid_request_error', code: 'lock_timeout' }), 'unavailable'],
    ['a key it does not know', refusal(401, { type: 'invalid_request_error', ...quoting }), 'unavailable'],
    ['too many requests', refusal(429, { type: 'rate_limit_error' }, { 'retry-after': '7' }), 'unavailable'],
    ['an error of its own', refusal(500, { type: 'api_error' }), 'unavailable'],
    ['HTML', new Response('<html>', { status: 502 }), 'unreadable'],
    ['no object', Response.json([]), 'unreadable'],
    ['an empty object', Response.json({}), 'unreadable'],
    ['a status that nobody knows', Response.json(subscription({ status: 'dormant' })), 'unreadable'],
    ['a redirect', Response.redirect('https://elsewhere.test/'), 'unavailable'],
  ] as const)('%s', async (_, answer, failure) => {
    fake.answer({ [path]: answer })
    const error = await failureOf(stripe.fetchSubscription('sub_1', read))
    expect(error.failure).toBe(failure)
    expect(error.retryAfterSeconds).toBe(answer.headers.get('retry-after') ? 7 : undefined)
    expect(error.message).not.toMatch(/a@b\.test|sk_test/)
  })

  test('no answer: it ends with the signal', async () => {
    const gone = new AbortController()
    fake.answer({
      [path]: ({ headers: _ }) => {
        gone.abort()
        return new Promise<Response>(() => {})
      },
    })
    expect((await failureOf(stripe.fetchSubscription('sub_1', { signal: gone.signal }))).failure).toBe('unavailable')
  })

  test('no server listens', async () => {
    const nowhere = await openStripe({ secretKey, webhookSecrets: [], baseUrl: 'http://127.0.0.1:9' })
    expect((await failureOf(nowhere.fetchSubscription('sub_1', read))).failure).toBe('unavailable')
  })
})

describe('webhooks', async () => {
  const { default: Stripe } = await import('stripe')
  const { webhooks } = new Stripe(secretKey, { telemetry: false })
  const event = {
    id: 'evt_1',
    object: 'event',
    type: 'customer.subscription.updated',
    data: { object: { id: 'sub_1', object: 'subscription', metadata: { a: 'b' } } },
  }
  const payload = JSON.stringify(event)
  const sign = (text: string, secret: string, ageSeconds = 0) =>
    webhooks.generateTestHeaderStringAsync({
      payload: text,
      secret,
      timestamp: Math.floor(Date.now() / 1000) - ageSeconds,
    })
  const verify = (text: string, header: string | null) =>
    stripe.verifyWebhook(
      new TextEncoder().encode(text),
      new Headers(header === null ? {} : { 'stripe-signature': header }),
    )

  test.each(['whsec_new', 'whsec_old'])('signed with %s: who sent it, and what it is about', async (secret) => {
    expect(await verify(payload, await sign(payload, secret))).toEqual({
      id: 'evt_1',
      type: 'customer.subscription.updated',
      objectId: 'sub_1',
    })
  })

  test('an event about something else is nothing of this service', async () => {
    const other = JSON.stringify({ ...event, data: { object: { id: 'cus_1', object: 'customer' } } })
    expect(await verify(other, await sign(other, 'whsec_new'))).toMatchObject({ objectId: null })
  })

  test.each([
    ['another secret', async () => [payload, await sign(payload, 'whsec_other')]],
    ['another body', async () => [`${payload} `, await sign(payload, 'whsec_new')]],
    ['an empty body', async () => ['', await sign(payload, 'whsec_new')]],
    ['no header', async () => [payload, null]],
    ['an empty header', async () => [payload, '']],
    ['a header without a time', async () => [payload, (await sign(payload, 'whsec_new')).replace(/t=\d+,/, '')]],
    ['a signature of 301 s ago', async () => [payload, await sign(payload, 'whsec_new', 302)]],
    ['a signature from 330 s ahead', async () => [payload, await sign(payload, 'whsec_new', -330)]],
    ['a signed body that is no event', async () => ['{}', await sign('{}', 'whsec_new')]],
    ['a signed body that is no JSON', async () => ['<', await sign('<', 'whsec_new')]],
  ] as [string, () => Promise<[string, string | null]>][])('%s is refused', async (_, make) => {
    expect(await verify(...(await make()))).toBeNull()
  })
})
