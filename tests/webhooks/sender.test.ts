import { describe, expect, test } from 'bun:test'
import { retryAfterSeconds } from '../../src/webhooks/attempt.ts'
import { givenAccount } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { until } from '../support/server-process.ts'
import { type Delivery, webhookEndpoints } from '../support/webhook-endpoints.ts'
import { openReceiver } from '../support/webhook-receiver.ts'

const app = await openTestApp({ DB_POOL_MAX: '20' })
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin' })

const { openSender, givenEndpoint, makeDue } = webhookEndpoints(app, root.bearer)

describe('an event', () => {
  test('arrives once at each endpoint that wants it, signed, and its log says so', async () => {
    const [first, second] = [await givenEndpoint(), await givenEndpoint()]
    const person = await givenAccount(app)
    await sql`update user_accounts set role = 'guest' where id = ${person.id}`
    const senders = [openSender(), openSender()]
    await Promise.all(senders.map((sender) => sender.idle()))
    for (const endpoint of [first, second]) {
      const [message, ...more] = endpoint.receiver.about(person.id)
      expect([message?.type, message?.data.role, more]).toEqual(['role.changed', 'guest', []])
      const [delivery] = await endpoint.deliveries()
      expect([delivery?.status, delivery?.attempts, delivery?.responseStatus]).toEqual(['delivered', 1, 204])
      expect(`msg_${delivery?.messageId}`).toBe(message?.id ?? '')
      await endpoint.remove()
    }
    await Promise.all(senders.map((sender) => sender.stop()))
  })

  test('is tried again under the same id until it is taken, and can be sent once more', async () => {
    const answers = [
      new Response('not now', { status: 503 }),
      new Response(null, { status: 302, headers: { Location: '/' } }),
    ]
    const endpoint = await givenEndpoint(() => answers.shift() ?? new Response('taken'))
    await endpoint.queueTest()
    const sender = openSender()
    const seen: unknown[] = []
    for (let turn = 0; turn < 3; turn++) {
      await sender.idle()
      const [{ status, attempts, responseStatus, responseBody, lastError } = {} as Delivery] =
        await endpoint.deliveries()
      seen.push([
        status,
        attempts,
        responseStatus,
        responseBody,
        lastError,
        (await endpoint.read()).failingSince !== null,
      ])
      await makeDue(endpoint.id)
    }
    expect(seen).toEqual([
      ['queued', 1, 503, 'not now', 'The answer was 503.', true],
      ['queued', 2, 302, '', 'The answer was 302.', true],
      ['delivered', 3, 200, 'taken', null, false],
    ])
    const [{ id } = { id: '' }] = await endpoint.deliveries()
    const again = await request(`${endpoint.path}/deliveries/${id}/redeliver`, { method: 'POST', bearer: root.bearer })
    expect(again.status).toBe(202)
    await sender.idle()
    expect(new Set(endpoint.receiver.received.map((message) => message.id)).size).toBe(1)
    expect(endpoint.receiver.received).toHaveLength(4)
    await sender.stop()
    await endpoint.remove()
  })

  test('is given up after ten tries over a day', () => {
    const waits = Array.from({ length: 10 }, (_, i) => retryAfterSeconds(i + 1, () => 0.5))
    expect(waits.at(-1)).toBeNull()
    const total = waits.reduce<number>((sum, wait) => sum + (wait ?? 0), 0)
    expect([waits.length, Math.round(total / 3_600)]).toEqual([10, 23])
    expect([0, 1].map((jitter) => retryAfterSeconds(1, () => jitter))).toEqual([4.5, 5.5])
  })

  test('is signed by both secrets after a rotation', async () => {
    const endpoint = await givenEndpoint()
    const rotated = await request(`${endpoint.path}/rotate`, { method: 'POST', bearer: root.bearer })
    const { secret } = await bodyOf<{ secret: string }>(rotated)
    const [earlier = ''] = endpoint.receiver.behaviour.secrets
    const sender = openSender()
    for (const known of [earlier, secret]) {
      endpoint.receiver.behaviour.secrets = [known]
      await endpoint.queueTest()
      await sender.idle()
    }
    expect([endpoint.receiver.received.length, endpoint.receiver.behaviour.unverified]).toEqual([2, 0])
    await sql`update webhook_endpoints set earlier_until = clock_timestamp() where id = ${endpoint.id}`
    endpoint.receiver.behaviour.secrets = [earlier]
    await endpoint.queueTest()
    await sender.idle()
    expect(endpoint.receiver.behaviour.unverified).toBe(1)
    await sender.stop()
    await endpoint.remove()
  })

  test('that comes while the answer to the last record of a turn is on its way is not held for the time of a lease', async () => {
    const endpoint = await givenEndpoint()
    const [recorded, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let claims = 0
    /** The database, whose answer to the record of a turn takes until it is let go. */
    const late = new Proxy(sql, {
      apply(target, self, words) {
        const text = String(words[0])
        const query: Promise<unknown> = Reflect.apply(target, self, words)
        if (text.includes('with recursive waiting')) return query.finally(() => claims++)
        if (!text.includes('set last_attempt_at')) return query
        return query.finally(() => {
          recorded.resolve()
          return answered.promise
        })
      },
    })
    const sender = openSender({}, { sql: late })
    await endpoint.queueTest()
    sender.poll()
    await recorded.promise
    await endpoint.queueTest()
    const before = claims
    sender.poll()
    await until(() => claims >= before + 2, 20, 'both lanes have looked')
    answered.resolve()
    await sender.idle()
    expect(endpoint.receiver.received).toHaveLength(2)
    await sender.stop()
    await endpoint.remove()
  })

  test('that an instance died with is sent by another once the lease has ended', async () => {
    const endpoint = await givenEndpoint()
    await endpoint.queueTest()
    await sql`update webhook_endpoints set leased_until = clock_timestamp() + interval '1 minute' where id = ${endpoint.id}`
    const sender = openSender()
    await sender.idle()
    expect(endpoint.receiver.received).toHaveLength(0)
    await sql`update webhook_endpoints set leased_until = clock_timestamp() where id = ${endpoint.id}`
    await sender.idle()
    expect(endpoint.receiver.received).toHaveLength(1)
    await sender.stop()
    await endpoint.remove()
  })
})

describe('an endpoint', () => {
  test('that says it is gone is disabled, and whoever made it is told', async () => {
    const endpoint = await givenEndpoint(() => new Response('gone', { status: 410 }))
    await endpoint.queueTest()
    await endpoint.queueTest()
    const sender = openSender()
    await sender.idle()
    expect(await endpoint.read()).toMatchObject({ enabled: false, disabledReason: 'gone' })
    expect((await endpoint.deliveries()).map(({ status }) => status)).toEqual(['failed', 'failed'])
    const mails = await sql`select from mail_outbox where account_id = ${root.id} and template = 'webhook-disabled'`
    expect(mails).toHaveLength(1)
    expect(await bodyOf(await endpoint.change({ enabled: true }))).toMatchObject({
      enabled: true,
      disabledReason: null,
    })
    await sender.stop()
    await endpoint.remove()
  })

  test('that took nothing for five days is disabled; a single success begins the count anew', async () => {
    const endpoint = await givenEndpoint(() => new Response(null, { status: 500 }))
    await endpoint.queueTest()
    const sender = openSender()
    await sender.idle()
    await sql`update webhook_endpoints set failing_since = failing_since - interval '119 hours' where id = ${endpoint.id}`
    await makeDue(endpoint.id)
    await sender.idle()
    expect((await endpoint.read()).enabled).toBe(true)
    await sql`update webhook_endpoints set failing_since = failing_since - interval '2 hours' where id = ${endpoint.id}`
    await makeDue(endpoint.id)
    await sender.idle()
    expect(await endpoint.read()).toMatchObject({ enabled: false, disabledReason: 'failing' })
    await sender.stop()
    await endpoint.remove()
  })

  test('whose secret no key at hand reads waits for its lease, and holds nobody up', async () => {
    const [unreadable, well] = [await givenEndpoint(), await givenEndpoint()]
    await sql`update webhook_endpoints set secret = 'not ours' where id = ${unreadable.id}`
    for (const endpoint of [unreadable, well]) await endpoint.queueTest()
    const sender = openSender()
    await sender.idle()
    expect([well.receiver.received.length, (await unreadable.deliveries())[0]?.status]).toEqual([1, 'queued'])
    const [row] =
      await sql`select leased_until > clock_timestamp() as leased from webhook_endpoints where id = ${unreadable.id}`
    expect(row?.leased).toBe(true)
    await sender.stop()
    for (const endpoint of [unreadable, well]) await endpoint.remove()
  })

  test('of an account gets nothing while its plan has no webhooks, and never reaches this machine', async () => {
    const person = await signedIn(app, { plan: 'professional', role: 'subscriber' })
    const { port } = openReceiver()
    const json = { url: `https://localhost:${port}/`, events: ['account.updated'] }
    const { id } = await bodyOf<{ id: string }>(await request('/v1/webhooks', { bearer: person.bearer, json }))
    const errors = async () => {
      const log = await request(`/v1/webhooks/${id}/deliveries`, { bearer: person.bearer })
      return (await bodyOf<{ items: Delivery[] }>(log)).items.map(({ status, lastError }) => [status, lastError])
    }
    const sender = openSender()
    await request(`/v1/webhooks/${id}/test`, { method: 'POST', bearer: person.bearer })
    await sender.idle()
    expect(await errors()).toEqual([['queued', 'The name has no address that can be reached from here.']])
    await sql`update user_subscriptions set current_period_end = clock_timestamp() - interval '1 minute' where account_id = ${person.id}`
    await sql`update webhook_endpoints set url = 'https://hooks.example.com/' where id = ${id}`
    await makeDue(id)
    await sender.idle()
    const [row] = await sql`select status, last_error from webhook_deliveries where endpoint_id = ${id}`
    expect(row).toEqual({ status: 'failed', lastError: 'The account has no webhooks now.' } as never)
    await sender.stop()
  })
})
