import { expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import type { BillingProvider } from '../../src/billing/providers/provider.ts'
import { openRazorpay } from '../../src/billing/providers/razorpay/razorpay.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { dumpTables, findSecrets } from '../support/dump.ts'
import { payingTools } from '../support/payments.ts'
import { at, openFakeProvider } from './providers/fake-provider.ts'

const keyId = 'rzp_test_9nobody-may-see-this-id'
const keySecret = 'zq81nobody-may-see-this-key'
const webhookSecret = '77nobody-may-see-this-secret'
const basic = Buffer.from(`${keyId}:${keySecret}`).toString('base64')
const app = await openTestApp({
  BILLING_PROVIDERS: 'razorpay',
  RAZORPAY_KEY_ID: keyId,
  RAZORPAY_KEY_SECRET: keySecret,
  RAZORPAY_WEBHOOK_SECRET: webhookSecret,
  LOG_LEVEL: 'trace',
})
const { request, sql } = app
const fake = openFakeProvider({ error: { code: 'BAD_REQUEST_ERROR', description: 'The id provided does not exist' } })
const providers = app.deps.providers as BillingProvider[]
providers[0] = openRazorpay({ ...app.config.razorpay, baseUrl: fake.url })
const { worker, subscribe, givenTried, read } = payingTools(app)

/** What an error page, or a proxy of debugging, may quote. */
const quoted = () => `${fake.asked.at(-1)?.headers.get('authorization')} a-customer@mail.test ${keySecret} ${keyId}`
const refusal = (status: number) => {
  const error = { code: quoted(), description: quoted(), field: quoted(), reason: quoted() }
  return Response.json({ error }, { status })
}
const failures: (() => Response)[] = [
  ...[400, 401, 403, 429, 500].map((status) => () => refusal(status)),
  () => new Response(`<h1>${quoted()}</h1>`, { headers: { 'content-type': 'text/html' } }),
  () => Response.json([quoted()]),
  () => Response.json({ id: 7, items: [{ id: quoted(), status: quoted() }] }),
  () => new Response(null, { status: 302, headers: { location: `${fake.url}/elsewhere` } }),
]

async function tell(signature: (body: string) => string, id: string): Promise<Response> {
  const payload = { subscription: { entity: { id: 'sub_1' } } }
  const body = JSON.stringify({ entity: 'event', event: 'subscription.charged', contains: ['subscription'], payload })
  const server = { requestIP: () => ({ address: '192.0.2.1' }), timeout: () => {} }
  const headers = { 'x-razorpay-signature': signature(body), 'x-razorpay-event-id': id }
  const told = new Request('http://localhost/v1/billing/webhooks/razorpay', { method: 'POST', headers, body })
  return app.app.fetch(told, { server })
}
const sign = (body: string) => createHmac('sha256', webhookSecret).update(body).digest('hex')

/** As if the time had come to try again. */
async function comeDue(): Promise<void> {
  await sql`update billing_events set due_at = clock_timestamp() where status = 'queued'`
  await sql`update billing_accounts set due_at = clock_timestamp() where due_at is not null`
  await worker.idle()
}

test('whatever fails, no secret of the provider and nothing that it quotes stands in an answer, a log, a table or the metrics', async () => {
  const admin = await signedIn(app, { role: 'superadmin' })
  const prices = {
    prices: [
      { currency: 'USD', interval: 'month', amountMinor: 2999 },
      { currency: 'USD', interval: 'year', amountMinor: 29_990 },
      { currency: 'INR', interval: 'month', amountMinor: 19_900 },
    ],
  }
  const set = { method: 'PUT', bearer: admin.bearer, json: prices }
  expect((await request('/v1/admin/plans/professional/prices', set)).status).toBe(200)
  const person = await givenTried('professional')
  const answers: string[] = []
  for (const fail of failures) {
    fake.answer({ 'GET /v1/plans': fail })
    const answer = await subscribe(person, 'professional', { currency: 'INR' })
    expect([409, 503]).toContain(answer.status)
    answers.push(await answer.text())
    await comeDue()
  }
  const shortUrl = 'https://rzp.io/i/capability'
  const state = {
    ...{ id: 'sub_1', plan_id: 'plan_1', status: 'created', short_url: shortUrl, total_count: 120, paid_count: 0 },
    ...{ remaining_count: 120, has_scheduled_changes: false, created_at: at('2026-01-30T10:00:00Z') },
    ...{ customer_id: null, current_start: null, current_end: null, ended_at: null, charge_at: null },
    ...{ start_at: null, expire_by: Math.floor(Date.now() / 1000) + 3_600 },
  }
  const there = () => ({
    ...state,
    notes: { ...(fake.askedOf('POST /v1/subscriptions').at(-1)?.body.notes as object) },
  })
  fake.answer({
    'GET /v1/plans': { items: [] },
    'POST /v1/plans': { id: 'plan_1' },
    'POST /v1/customers': { id: 'cust_1' },
    'GET /v1/subscriptions': { items: [] },
    'POST /v1/subscriptions': there,
    'GET /v1/subscriptions/sub_1': there,
  })
  const opened = await subscribe(person, 'professional', { currency: 'INR' })
  expect(await bodyOf(opened)).toEqual({ checkoutUrl: shortUrl })
  for (const [index, fail] of failures.entries()) {
    fake.answer({ 'GET /v1/subscriptions/sub_1': fail })
    expect((await tell(sign, `evt_${index}`)).status).toBe(200)
    await comeDue()
  }
  const refused = await tell(() => webhookSecret, 'evt_refused')
  expect(refused.status).toBe(400)
  answers.push(await refused.text())
  expect(await read(person)).toMatchObject({ plan: { name: 'free' } })
  const log = app.lines.join('')
  expect(log).toContain('work for a payment provider is put off')
  const audited = await request('/v1/admin/audit-logs?limit=100', { bearer: admin.bearer })
  const events = await request('/v1/admin/billing/events?limit=100', { bearer: admin.bearer })
  const places = [
    ['the answers', answers.join('\n')] as const,
    ['the audit trail', await audited.text()] as const,
    ['the list of events', await events.text()] as const,
    ['the log', log] as const,
    ['the metrics', await (await request('/metrics')).text()] as const,
    ...(await dumpTables(sql)),
  ]
  expect(await sql`select 1 from billing_intents where state = 'open' and page is not null`).toHaveLength(1)
  expect(findSecrets(places, [keyId, keySecret, webhookSecret, basic, 'a-customer@mail.test', shortUrl])).toEqual([])
})
