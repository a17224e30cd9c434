import { expect, test } from 'bun:test'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { until } from '../support/server-process.ts'

const app = await openTestApp()
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin' })

test('a change goes through, whoever deletes an endpoint meanwhile that wanted to hear of it', async () => {
  const person = await signedIn(app)
  const json = { url: 'https://hooks.example.com/', events: ['account.updated'] }
  const { id } = await bodyOf<{ id: string }>(await request('/v1/admin/webhooks', { bearer: root.bearer, json }))
  const isWaitedFor = async () => {
    const waiting = await sql`
      select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and pid <> pg_backend_pid()`
    return waiting.length > 0
  }
  const change = { method: 'PATCH', bearer: person.bearer, json: { lastName: 'Rao' } }
  const answer = await sql.begin(async (tx) => {
    await tx`delete from webhook_endpoints where id = ${id}`
    const answering = request('/v1/me', change)
    await until(isWaitedFor, 20, 'the change waits for the deletion')
    return { answering }
  })
  expect((await answer.answering).status).toBe(200)
  expect(await sql`select from webhook_messages where account_id = ${person.id}`).toHaveLength(0)
})
