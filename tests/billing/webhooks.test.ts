import { describe, expect, test } from 'bun:test'
import { ProviderError } from '../../src/billing/providers/provider-error.ts'
import { signEvent } from '../../src/billing/providers/sandbox/events.ts'
import { deriveKey } from '../../src/crypto/hash.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, testSecrets } from '../support/app.ts'
import { openPayingApp } from '../support/payments.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openPayingApp({ RATE_LIMIT_GLOBAL: '40/1h' })
const {
  request,
  sql,
  sandbox,
  worker,
  subscribe,
  givenTried,
  givenPaying,
  checkoutOf,
  onCheckout,
  subscriptionOf,
  read,
} = app
const path = '/v1/billing/webhooks/sandbox'
const key = deriveKey(testSecrets.AUDIT_KEY, 'sandbox webhooks')
const seconds = () => Math.floor(app.deps.now() / 1000)

let made = 0
const newEvent = (object = 'sbx_sub_unknown') => {
  made += 1
  return { id: `evt_${made}_${Bun.randomUUIDv7()}`, type: 'subscription.updated', object, at: '' }
}
type Message = { body: Uint8Array; headers: Headers }
function send({ body, headers }: Message, ip: string, to = path): Promise<Response> {
  const server = { requestIP: () => ({ address: ip }), timeout: () => {} }
  const init = { method: 'POST', headers, body }
  return Promise.resolve(app.app.fetch(new Request(`http://localhost${to}`, init), { server }))
}
const eventsOf = (id: string) => sql`select * from billing_events where event_id = ${id}`

describe('a webhook', () => {
  test('that is signed right is kept once, however often it comes, without its body', async () => {
    const event = newEvent()
    for (let i = 0; i < 3; i++) expect((await send(sandbox.sign(event), '192.0.2.1')).status).toBe(200)
    const rows = await eventsOf(event.id)
    expect([...rows]).toMatchObject([{ provider: 'sandbox', type: event.type, objectId: event.object }])
    await worker.idle()
    expect([...(await eventsOf(event.id))]).toMatchObject([{ status: 'ignored' }])
  })

  test('that is not is refused, and nothing of it is kept', async () => {
    const event = newEvent()
    const good = sandbox.sign(event)
    const altered = Buffer.from(Buffer.from(good.body).toString().replace('unknown', 'another'))
    const refused: [string, Message][] = [
      ['altered', { ...good, body: altered }],
      ['empty', { ...good, body: new Uint8Array() }],
      ['without signature', { ...good, headers: new Headers() }],
      ['garbage for one', { ...good, headers: new Headers({ 'sandbox-signature': 't=1,v1=zz' }) }],
      ['another key', signEvent(deriveKey('x'.repeat(40), 'sandbox webhooks'), event, seconds())],
      ['too old', signEvent(key, event, seconds() - 301)],
      ['from ahead', signEvent(key, event, seconds() + 330)],
      ['of an id that no table takes', sandbox.sign({ ...event, id: 'x'.repeat(300) })],
      ['of a NUL', sandbox.sign({ ...event, object: 'sbx_\0' })],
      ['of no text', sandbox.sign({ ...event, type: 5 as never })],
    ]
    for (const [what, message] of refused) {
      const answer = await send(message, '192.0.2.2')
      expect([what, answer.status, /"code":"([a-z-]*)"/.exec(await answer.text())?.[1]]).toEqual([
        what,
        400,
        'invalid-signature',
      ])
    }
    expect([...(await eventsOf(event.id))]).toEqual([])
    const long = { ...good, body: new Uint8Array(1_048_577) }
    const tooLong = await send(long, '192.0.2.2')
    expect(await tooLong.json()).toMatchObject({ code: 'payload-too-large', detail: 'Send at most 1 MiB.' })
    await expectProblem(await send(good, '192.0.2.2', '/v1/billing/webhooks/stripe'), 'not-found')
  })

  test('is not counted against its address while it is signed right, and is otherwise', async () => {
    const ip = '192.0.2.3'
    for (let i = 0; i < 60; i++) expect((await send(sandbox.sign(newEvent()), ip)).status).toBe(200)
    const statuses = new Set<number>()
    for (let i = 0; i < 85; i++)
      statuses.add((await send({ ...sandbox.sign(newEvent()), headers: new Headers() }, ip)).status)
    expect([...statuses].sort()).toEqual([400, 429])
    expect((await send(sandbox.sign(newEvent()), ip)).status).toBe(200)
  })
})

test('fifty copies of an event at once are kept once, each is answered 200, and unknown providers are 404', async () => {
  const event = newEvent()
  const message = sandbox.sign(event)
  const answers = await Promise.all(Array.from({ length: 50 }, () => send(message, '192.0.2.6')))
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
  expect((await eventsOf(event.id)).length).toBe(1)
  for (const name of ['__proto__', 'constructor', 'manual', 'a'.repeat(3_000), '%00', '..%2fsandbox'])
    expect([name, (await send(message, '192.0.2.6', `/v1/billing/webhooks/${name}`)).status]).toEqual([name, 404])
})

describe('while the provider does not answer', () => {
  /** Has the provider fail in some way, as long as `work` takes. */
  async function failing(method: 'openCheckout' | 'fetchSubscription', error: () => never, work: () => Promise<void>) {
    const original = sandbox[method]
    Object.assign(sandbox, { [method]: async () => error() })
    try {
      await work()
    } finally {
      Object.assign(sandbox, { [method]: original })
    }
  }
  const unavailable = (): never => {
    throw new ProviderError('unavailable', 'it is down', { retryAfterSeconds: 7 })
  }

  test('a checkout is 503, and is opened by the worker once it does; the same wish then gets its page', async () => {
    const person = await givenTried('professional')
    await failing('openCheckout', unavailable, async () => {
      const problem = await subscribe(person, 'professional')
      expect([problem.status, problem.headers.get('retry-after')]).toEqual([503, '7'])
      await expectProblem(problem, 'payment-provider-unavailable')
    })
    await sql`update billing_accounts set due_at = clock_timestamp() where account_id = ${person.id}`
    await worker.idle()
    expect([...(await sql`select state from billing_intents where account_id = ${person.id}`)]).toEqual([
      { state: 'open' },
    ] as never)
    await onCheckout(await checkoutOf(await subscribe(person, 'professional')), 'pay')
    expect(await read(person)).toMatchObject({ plan: { name: 'professional' } })
  })

  test('an event waits and catches up; one that never can is failed, listed, and replayed', async () => {
    const person = await givenPaying('starter')
    const subscription = await subscriptionOf(person)
    const event = newEvent(subscription)
    await sandbox.set({ delivers: false })
    await sandbox.cancel(subscription, 'period-end', { signal: AbortSignal.timeout(60_000), key: 'x' })
    await sandbox.set({ delivers: true })
    await failing('fetchSubscription', unavailable, async () => {
      await send(sandbox.sign(event), '192.0.2.4')
      await worker.idle()
      expect([...(await eventsOf(event.id))]).toMatchObject([
        { status: 'queued', attempts: 1, lastError: 'unavailable: it is down' },
      ])
      await sql`update billing_events set due_at = clock_timestamp(), give_up_at = clock_timestamp() where event_id = ${event.id}`
      await worker.idle()
      expect([...(await eventsOf(event.id))]).toMatchObject([{ status: 'failed' }])
    })
    expect(await read(person)).toMatchObject({ status: 'active' })
    const admin = await signedIn(app, { role: 'superadmin' })
    const list = await bodyOf<{ items: { id: string; eventId: string }[] }>(
      await request('/v1/admin/billing/events?provider=sandbox&status=failed', { bearer: admin.bearer }),
    )
    expect(list.items.map(({ eventId }) => eventId)).toEqual([event.id])
    const id = list.items[0]?.id
    const replayed = await request(`/v1/admin/billing/events/${id}/replay`, { method: 'POST', bearer: admin.bearer })
    expect(replayed.status).toBe(204)
    await worker.idle()
    expect([...(await eventsOf(event.id))]).toMatchObject([{ status: 'done' }])
    expect(await read(person)).toMatchObject({ status: 'cancelled', cancelAtPeriodEnd: true })
  })

  test('what was fetched under a lease that has passed to somebody else is not written', async () => {
    const person = await givenPaying('starter')
    const subscription = await subscriptionOf(person)
    const original = sandbox.fetchSubscription
    await sandbox.set({ delivers: false })
    await sandbox.cancel(subscription, 'period-end', { signal: AbortSignal.timeout(60_000), key: 'y' })
    await sandbox.set({ delivers: true })
    const event = newEvent(subscription)
    Object.assign(sandbox, {
      fetchSubscription: async (...asked: Parameters<typeof original>) => {
        const answer = await original(...asked)
        // As if it had taken longer than a lease lasts, and another instance had come.
        await sql`update billing_accounts set lease_id = gen_random_uuid() where account_id = ${person.id}`
        return answer
      },
    })
    await send(sandbox.sign(event), '192.0.2.5')
    await worker.idle()
    Object.assign(sandbox, { fetchSubscription: original })
    expect(await read(person)).toMatchObject({ status: 'active' })
    expect([...(await eventsOf(event.id))]).toMatchObject([{ status: 'queued' }])
    await sql`update billing_accounts set lease_id = null, leased_until = null where account_id = ${person.id}`
    await sql`update billing_events set due_at = clock_timestamp() where event_id = ${event.id}`
    await worker.idle()
    expect(await read(person)).toMatchObject({ status: 'cancelled' })
  })
})
