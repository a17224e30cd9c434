import { expect, spyOn, test } from 'bun:test'
import type { BillingProvider } from '../../src/billing/providers/provider.ts'
import { openStripe } from '../../src/billing/providers/stripe/stripe.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { dumpTables, findSecrets } from '../support/dump.ts'
import { type Payer, payingTools } from '../support/payments.ts'
import { expectProblem } from '../support/problems.ts'
import { type Answer, openFakeProvider } from './providers/fake-provider.ts'

const secretKey = 'sk_test_5kCnQx81nobody-may-see-this-key'
const webhookSecret = 'whsec_77nobody-may-see-this-secret'
const path = '/v1/billing/webhooks/stripe'
/** Few connections: whoever held one while the provider is asked would keep all others waiting. */
const app = await openTestApp({
  BILLING_PROVIDERS: 'stripe',
  STRIPE_SECRET_KEY: secretKey,
  STRIPE_WEBHOOK_SECRET: webhookSecret,
  LOG_LEVEL: 'trace',
  DB_POOL_MAX: '2',
})
const { request, sql } = app
const fake = openFakeProvider({ error: { type: 'invalid_request_error', code: 'resource_missing' } })
const providers = app.deps.providers as BillingProvider[]
providers[0] = await openStripe({ ...app.config.stripe, baseUrl: fake.url })
const { worker, subscribe, givenTried, read, payments, actions } = payingTools(app)
const { default: Stripe } = await import('stripe')
const { webhooks } = new Stripe(secretKey, { telemetry: false })

const seconds = (days: number) => Math.floor(Date.now() / 1000) + days * 86_400
/** What an error page, or a proxy of debugging, may quote. */
const quoted = () => `${fake.asked.at(-1)?.headers.get('authorization')} a-customer@mail.test ${secretKey}`
const refusal = (status: number, headers = {}) => {
  const error = { type: 'api_error', code: quoted(), message: quoted(), param: quoted(), charge: quoted() }
  return Response.json({ error }, { status, headers })
}
/** Whatever an honest answer would be, with this in it. */
const failures: [string, () => Response][] = [
  ['answers 429 with Retry-After', () => refusal(429, { 'retry-after': '1800' })],
  ['answers 500', () => refusal(500)],
  ['refuses our keys', () => refusal(401)],
  ['answers a page', () => new Response(`<h1>${quoted()}</h1>`, { headers: { 'content-type': 'text/html' } })],
  ['answers something else', () => Response.json([quoted()])],
  ['leads elsewhere', () => new Response(null, { status: 302, headers: { location: `${fake.url}/elsewhere` } })],
]

let made = 0
/** What the provider knows of somebody, honest until a test says otherwise. */
function givenThere() {
  made += 1
  const ids = {
    customer: `cus_${made}`,
    session: `cs_test_${made}`,
    subscription: `sub_${made}`,
    invoice: `in_${made}`,
  }
  const url = `https://checkout.stripe.test/c/capability-${made}`
  const session = { id: ids.session, url, status: 'open', subscription: null, expires_at: seconds(1) }
  const invoice = { id: ids.invoice, hosted_invoice_url: null, lines: { data: [] } }
  const charge = { id: `ch_${made}`, amount: 2999, amount_refunded: 0, currency: 'usd', created: seconds(0) }
  // One time for all answers: a period that ends a second later than before would be a renewed one.
  const [begun, paidUntil] = [seconds(0), seconds(30)]
  const reference = () => fake.askedOf('POST /v1/checkout/sessions').at(-1)?.body.client_reference_id
  let known: unknown
  const subscription = (more: object = {}) => ({
    ...{ id: ids.subscription, customer: ids.customer, status: 'active', metadata: { reference: known } },
    ...{ start_date: begun, ended_at: null, cancel_at_period_end: false, pending_update: null },
    ...{ latest_invoice: null, schedule: null },
    items: {
      data: [
        {
          ...{ id: 'si_1', current_period_start: begun, current_period_end: paidUntil },
          price: { id: 'price_1', recurring: { interval: 'month' } },
        },
      ],
    },
    ...more,
  })
  const payment = { payment: { payment_intent: `pi_${ids.invoice}` } }
  const answers: Record<string, Answer> = {
    'GET /v1/prices': { data: [{ id: 'price_1' }] },
    'POST /v1/customers': { id: ids.customer },
    'POST /v1/checkout/sessions': session,
    [`GET /v1/checkout/sessions/${ids.session}`]: () => ({
      ...session,
      ...(known !== undefined && { status: 'complete', subscription: ids.subscription }),
    }),
    [`GET /v1/subscriptions/${ids.subscription}`]: () => subscription(),
    'GET /v1/invoices': ({ query }) => ({
      data: query.subscription === ids.subscription ? [{ ...invoice, payments: { data: [payment] } }] : [],
    }),
    'GET /v1/charges': ({ query }) => ({
      data:
        query.customer === ids.customer
          ? [{ ...charge, disputed: false, status: 'succeeded', payment_intent: `pi_${ids.invoice}` }]
          : [],
    }),
  }
  const pay = () => {
    known = reference()
  }
  return { ids, url, session, answers, subscription, pay }
}

async function tell(objectId: string): Promise<Response> {
  made += 1
  const event = { id: `evt_${made}`, object: 'event', type: 'customer.subscription.updated' }
  const body = JSON.stringify({ ...event, data: { object: { id: objectId, object: 'subscription' } } })
  const header = await webhooks.generateTestHeaderStringAsync({ payload: body, secret: webhookSecret })
  const server = { requestIP: () => ({ address: '192.0.2.1' }), timeout: () => {} }
  const init = { method: 'POST', headers: { 'stripe-signature': header }, body }
  return app.app.fetch(new Request(`http://localhost${path}`, init), { server })
}

const eventOf = async (objectId: string) =>
  (
    await sql`select status, attempts, last_error, due_at > clock_timestamp() + interval '1700 seconds' as is_late from billing_events where object_id = ${objectId}`
  )[0]
const intentOf = async ({ id }: Payer) =>
  (
    await sql<{ state: string }[]>`select state from billing_intents where account_id = ${id} order by id desc limit 1`
  )[0]
/** As if the time had come to try again. */
async function comeDue(): Promise<void> {
  await sql`update billing_events set due_at = clock_timestamp() where status = 'queued'`
  await sql`update billing_accounts set due_at = clock_timestamp() where due_at is not null`
  await worker.idle()
}
/** Everything written about an account, in one text. */
async function written({ id }: Payer): Promise<string> {
  const rows = await sql`
    select (select json_agg(s order by s.id) from user_subscriptions s where account_id = ${id}) as subscriptions,
           (select count(*)::int from payments where account_id = ${id}) as payments,
           (select count(*)::int from billing_subscriptions where account_id = ${id}) as known,
           (select count(*)::int from audit_logs where entity_id = ${id}) as audited,
           (select count(*)::int from mail_outbox where account_id = ${id}) as mails,
           (select authz_version::int from user_accounts where id = ${id}) as version`
  return JSON.stringify(rows)
}

type There = ReturnType<typeof givenThere>
const session = (there: There, more: object) => Response.json({ ...there.session, ...more })
const hostilePages: [string, (there: There) => Response][] = [
  ['has another word for open', (there) => session(there, { status: 'ajar' })],
  ['gives an id that no table takes', (there) => session(there, { id: 'cs_\0' })],
  ['gives a page that is a script', (there) => session(there, { url: 'javascript:alert(1)' })],
  ['gives a page of 5,000 characters', (there) => session(there, { url: `https://a.test/${'x'.repeat(5_000)}` })],
  ['gives a time that no calendar has', (there) => session(there, { expires_at: 1e300 })],
]
test.each([...failures, ...hostilePages])(
  'a provider that %s: 503, nothing half-written, and the worker opens the page later',
  async (_, fail) => {
    const person = await givenTried('professional')
    const there = givenThere()
    fake.answer({ ...there.answers, 'POST /v1/checkout/sessions': () => fail(there) })
    const answer = await subscribe(person, 'professional')
    const text = await answer.clone().text()
    expect(text).not.toContain(secretKey)
    await expectProblem(answer, 'payment-provider-unavailable')
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await intentOf(person)).toEqual({ state: 'wanted' })
    expect(await read(person)).toMatchObject({ plan: { name: 'free' } })
    const before = await written(person)
    await comeDue()
    expect([await written(person), await intentOf(person)]).toEqual([before, { state: 'wanted' }])
    fake.answer(there.answers)
    await comeDue()
    expect(await intentOf(person)).toEqual({ state: 'open' })
    expect(await bodyOf(await subscribe(person, 'professional'))).toEqual({ checkoutUrl: there.url })
  },
)

const hostileStates: [string, object][] = [
  ['has a status that is not known', { status: 'paused_forever' }],
  ['gives a customer that no table takes', { customer: 'cus_\0' }],
  ['gives a time that no calendar has', { start_date: -1e300 }],
  ['gives no item', { items: { data: [] } }],
]
test.each([
  ...failures,
  ...hostileStates.map(([how, more]) => [how, ({ subscription }: There) => Response.json(subscription(more))] as const),
])('an event of a provider that %s is kept, and written wholly once it answers', async (how, fail) => {
  const person = await givenTried('professional')
  const there = givenThere()
  fake.answer(there.answers)
  await subscribe(person, 'professional')
  there.pay()
  const { subscription } = there.ids
  const before = await written(person)
  fake.answer({ [`GET /v1/subscriptions/${subscription}`]: () => fail(there) })
  expect((await tell(subscription)).status).toBe(200)
  await worker.idle()
  const event = await eventOf(subscription)
  expect(event).toMatchObject({ status: 'queued', isLate: how.includes('Retry-After') })
  expect(event?.lastError).toMatch(/^un(?:available|readable): stripe, subscriptions\.retrieve: [\w., ]+$/)
  expect(await written(person)).toBe(before)
  fake.answer(there.answers)
  // Somebody else may work on the account at that moment: then the event waits a second.
  while ((await eventOf(subscription))?.status === 'queued') await comeDue()
  expect(await eventOf(subscription)).toMatchObject({ status: 'done', lastError: null })
  expect(await read(person)).toMatchObject({ plan: { name: 'professional' }, status: 'active' })
  expect(await payments(person)).toMatchObject([{ kind: 'charge', status: 'succeeded', amountMinor: 2999 }])
  expect(await actions(person)).toEqual(['subscription.request', 'payment.charge', 'subscription.activate'])
})

test('while a provider is silent others are answered, webhooks too; the bound ends the call, and what was wanted is done later', async () => {
  const waiting = await Promise.all([1, 2, 3].map(() => givenTried('professional')))
  const other = await givenTried('professional')
  const there = givenThere()
  const asked = Promise.withResolvers<void>()
  let left = waiting.length + 1
  const silent = () => {
    left -= 1
    if (left === 0) asked.resolve()
    return new Promise<Response>(() => {})
  }
  fake.answer({
    ...there.answers,
    'GET /v1/prices': silent,
    [`GET /v1/subscriptions/${there.ids.subscription}`]: silent,
  })
  await sql`delete from provider_prices`
  const gone = new AbortController()
  const { timeout } = AbortSignal
  const bound = spyOn(AbortSignal, 'timeout').mockImplementation((ms) =>
    ms === 20_000 || ms === 40_000 ? gone.signal : timeout.call(AbortSignal, ms),
  )
  const order: string[] = []
  const note = (what: string) => (answer: Response) => {
    order.push(what)
    return answer.status
  }
  const held = Promise.all(waiting.map((person) => subscribe(person, 'professional').then(note('held'))))
  expect((await tell(there.ids.subscription)).status).toBe(200)
  const working = worker.idle()
  await asked.promise
  // Two connections are all there are; four calls to the provider are under way.
  expect(await request('/v1/dashboard/insights', { bearer: other.bearer }).then(note('gated'))).toBe(403)
  expect(await request('/v1/subscription', { bearer: waiting[0]?.bearer ?? '' }).then(note('own'))).toBe(200)
  expect(await tell('sub_of_nobody').then(note('webhook'))).toBe(200)
  expect(order).toEqual(['gated', 'own', 'webhook'])
  gone.abort()
  bound.mockRestore()
  expect(await held).toEqual([503, 503, 503])
  await working
  expect(await eventOf(there.ids.subscription)).toMatchObject({
    status: 'queued',
    lastError: expect.stringMatching(/^unavailable: /),
  })
  for (const person of waiting) expect(await intentOf(person)).toEqual({ state: 'wanted' })
  let customers = 0
  fake.answer({
    ...there.answers,
    'POST /v1/customers': () => ({ id: `cus_late_${customers++}` }),
    'POST /v1/checkout/sessions': ({ body }) => ({ ...there.session, id: `cs_test_${body.client_reference_id}` }),
  })
  await comeDue()
  for (const person of waiting) expect(await intentOf(person)).toEqual({ state: 'open' })
})

test('after all that failed no secret of a provider, and nothing that it quoted, stands in a log, a table or the metrics', async () => {
  const basic = Buffer.from(`${secretKey}:`).toString('base64')
  const secrets = [secretKey, webhookSecret, basic, 'a-customer@mail.test', 'whsec_', 'sk_test_']
  const refused = new Request(`http://localhost${path}`, { method: 'POST', body: webhookSecret })
  refused.headers.set('stripe-signature', `t=1,v1=${webhookSecret}`)
  const server = { requestIP: () => ({ address: '192.0.2.2' }), timeout: () => {} }
  expect((await app.app.fetch(refused, { server })).status).toBe(400)
  const log = app.lines.join('')
  expect(log).toContain('work for a payment provider is put off')
  expect(log).toContain('a payment provider did not do what was wanted')
  const places = [
    ['the log', log] as const,
    ['the metrics', await (await request('/metrics')).text()] as const,
    ...(await dumpTables(sql)),
  ]
  // A page is open, which whoever asks again is led to: it is encrypted.
  expect(await sql`select 1 from billing_intents where state = 'open' and page is not null`).not.toHaveLength(0)
  expect(findSecrets(places, [...secrets, 'https://checkout.stripe.test/'])).toEqual([])
})
