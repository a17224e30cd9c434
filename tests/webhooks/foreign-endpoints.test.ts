import { describe, expect, test } from 'bun:test'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { type Delivery, webhookEndpoints } from '../support/webhook-endpoints.ts'

const app = await openTestApp()
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin' })
const [person, other] = [
  await signedIn(app, { plan: 'professional', role: 'subscriber' }),
  await signedIn(app, { plan: 'professional', role: 'subscriber' }),
]
const { openSender, givenEndpoint } = webhookEndpoints(app, root.bearer)
const json = { url: 'https://name.invalid/', events: ['account.updated'] }

async function ownEndpoint(bearer: string) {
  const { id } = await bodyOf<{ id: string }>(await request('/v1/webhooks', { bearer, json }))
  const path = `/v1/webhooks/${id}`
  const ask = () => request(`${path}/test`, { method: 'POST', bearer })
  const redeliver = (delivery: string) =>
    request(`${path}/deliveries/${delivery}/redeliver`, { method: 'POST', bearer })
  return { id, path, ask, redeliver }
}

describe('a message', () => {
  test('of somebody else, or of another endpoint, is not sent once more', async () => {
    const [mine, mySecond, theirs] = [
      await ownEndpoint(person.bearer),
      await ownEndpoint(person.bearer),
      await ownEndpoint(other.bearer),
    ]
    const operators = await givenEndpoint()
    const foreign = [await bodyOf<Delivery>(await theirs.ask()), await operators.queueTest()]
    const ofSecond = await bodyOf<Delivery>(await mySecond.ask())
    for (const { id } of [...foreign, ofSecond]) await expectProblem(await mine.redeliver(id), 'not-found')
    expect((await mySecond.redeliver(ofSecond.id)).status).toBe(202)
    const bodies = await sql`select from webhook_deliveries where endpoint_id = ${mine.id}`
    expect(bodies).toHaveLength(0)
    await operators.remove()
  })

  test('is asked for by hand no more while a thousand wait, however many ask at once', async () => {
    const { id, ask, redeliver } = await ownEndpoint(person.bearer)
    const { id: delivery } = await bodyOf<Delivery>(await ask())
    await sql`
      insert into webhook_deliveries (id, endpoint_id, message_id)
      select uuid_v7(), endpoint_id, message_id from webhook_deliveries, generate_series(1, 997) where id = ${delivery}`
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => (i % 2 === 0 ? ask() : redeliver(delivery))))
    expect(answers.filter(({ status }) => status === 202)).toHaveLength(2)
    for (const answer of answers.filter(({ status }) => status !== 202))
      await expectProblem(answer, 'too-many-deliveries')
    await sql`delete from webhook_endpoints where id = ${id}`
  })

  test('of a person is not sent to a network that the operators alone may reach', async () => {
    const operators = await givenEndpoint()
    const { id, ask, path } = await ownEndpoint(person.bearer)
    await sql`update webhook_endpoints set url = ${operators.receiver.url} where id = ${id}`
    await ask()
    await operators.queueTest()
    const sender = openSender()
    await sender.idle()
    await sender.stop()
    const [delivery] = (
      await bodyOf<{ items: Delivery[] }>(await request(`${path}/deliveries`, { bearer: person.bearer }))
    ).items
    expect([operators.receiver.received.length, delivery?.lastError]).toEqual([
      1,
      'That address cannot be reached from here.',
    ])
    await operators.remove()
  })
})

test('nothing that people write becomes a header', async () => {
  const endpoint = await givenEndpoint(undefined, ['account.updated'])
  const url = `${endpoint.receiver.url}/%0d%0aX-A:%20b/é?q=%0d%0aX-B:%20c`
  await endpoint.change({ url })
  await request('/v1/me', { method: 'PATCH', bearer: person.bearer, json: { lastName: 'X-C: d' } })
  const sender = openSender()
  await sender.idle()
  await sender.stop()
  const [message] = endpoint.receiver.about(person.id)
  expect(Object.keys(message?.headers ?? {}).sort()).toEqual([
    ...['connection', 'content-length', 'content-type', 'host', 'user-agent'],
    ...['webhook-id', 'webhook-signature', 'webhook-timestamp'],
  ])
  await endpoint.remove()
})
