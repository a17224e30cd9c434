import { expect, test } from 'bun:test'
import { registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'
import { webhookEndpoints } from '../support/webhook-endpoints.ts'
import type { Received } from '../support/webhook-receiver.ts'

const app = await openTestApp({ DB_POOL_MAX: '20' })
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin' })
const { openSender, givenEndpoint, makeDue } = webhookEndpoints(app, root.bearer)

/** As docs/webhooks.md tells receivers: by version, and among equals by timestamp, compared as text. */
const byAge = (a: Received, b: Received) =>
  Number(a.data.version) - Number(b.data.version) || (a.timestamp < b.timestamp ? -1 : 1)

test('the order of an account’s events is told by version and timestamp, in whatever order they were made and arrive', async () => {
  // Of three messages one is refused at first, and comes behind later ones.
  let count = 0
  const endpoint = await givenEndpoint(
    () => new Response(null, { status: count++ % 3 === 0 ? 503 : 204 }),
    ['account.updated', 'role.changed'],
  )
  const person = await registered(app)
  const roles = ['guest', 'user', 'subscriber', 'admin']
  const answers = await Promise.all([
    ...Array.from({ length: 12 }, (_, i) =>
      request('/v1/me', { method: 'PATCH', bearer: person.accessToken, json: { lastName: `Name ${i}` } }),
    ),
    ...Array.from({ length: 12 }, (_, i) =>
      request(`/v1/admin/users/${person.id}/role`, {
        method: 'PUT',
        bearer: root.bearer,
        json: { role: roles[i % roles.length] },
      }),
    ),
  ])
  // A promotion may end what the person is allowed, or a role be the one there is: what was done is what counts.
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(1)
  const sender = openSender()
  const isWaiting = async () =>
    (await sql`select from webhook_deliveries where endpoint_id = ${endpoint.id} and status = 'queued'`).length > 0
  while (await isWaiting()) {
    await makeDue(endpoint.id)
    await sender.idle()
  }
  const arrived = [...new Map(endpoint.receiver.about(person.id).map((message) => [message.id, message])).values()]
  const events = arrived.toSorted(byAge)
  const [account] = await sql<{ role: string; lastName: string }[]>`
    select role, last_name from user_accounts where id = ${person.id}`
  const changes = events.filter(({ type }) => type === 'role.changed').map(({ data }) => data)
  const updates = events.filter(({ type }) => type === 'account.updated').map(({ data }) => data)
  expect([changes.at(-1)?.role, updates.at(-1)?.lastName]).toEqual([account?.role, account?.lastName])
  // Each change began where the one before ended.
  expect(changes.map(({ previousRole }) => previousRole)).toEqual([
    'user',
    ...changes.slice(0, -1).map(({ role }) => role),
  ])
  await sender.stop()
})
