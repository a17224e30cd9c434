import { describe, expect, test } from 'bun:test'
import { ownWebhookEvents, webhookEvents } from '../../src/webhooks/events.ts'
import { givenAccount, goodPassword, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'

const app = await openTestApp()
const { request, sql } = app
const root = await signedIn(app, { role: 'superadmin', plan: 'enterprise' })

type Told = { type: string; timestamp: string; data: Record<string, unknown> }

const add = async (path: string, bearer: string, events: readonly string[]) => {
  const json = { url: 'https://hooks.example.com/in', events }
  const answer = await request(path, { bearer, json })
  expect(answer.status).toBe(201)
  return bodyOf<{ id: string }>(answer)
}
const administer = async (method: string, path: string, json?: unknown) => {
  const answer = await request(`/v1/admin${path}`, { method, bearer: root.bearer, json })
  expect([path, answer.status < 300]).toEqual([path, true])
}
/** What waits for an endpoint, oldest first. */
const told = async (endpointId: string, about: (event: Told) => boolean = () => true): Promise<Told[]> => {
  const rows = await sql<{ body: string }[]>`
    select m.body from webhook_deliveries d join webhook_messages m on m.id = d.message_id
     where d.endpoint_id = ${endpointId} order by m.body::json ->> 'timestamp'`
  return rows.map(({ body }) => JSON.parse(body) as Told).filter(about)
}
const typesOf = (events: Told[]) => events.map(({ type }) => type)

const everything = await add('/v1/admin/webhooks', root.bearer, webhookEvents)
const toldAbout = (accountId: string) => told(everything.id, ({ data }) => data.accountId === accountId)

describe('the operators hear', () => {
  test('of an account from its beginning to its erasure, in order, with its version', async () => {
    const person = await registered(app, { firstName: 'Asha' })
    const bearer = person.accessToken
    await request('/v1/me', { method: 'PATCH', bearer, json: { lastName: 'Rao' } })
    expect((await toldAbout(person.id)).map(({ type, data }) => [type, data.firstName, data.lastName])).toEqual([
      ['account.created', 'Asha', null],
      ['account.updated', 'Asha', 'Rao'],
    ])
    await administer('PUT', `/users/${person.id}/role`, { role: 'admin' })
    await administer('PUT', `/users/${person.id}/role`, { role: 'user' })
    await administer('PUT', `/users/${person.id}/subscription`, { plan: 'business', reason: 'asked for' })
    await administer('POST', `/users/${person.id}/lock`, { reason: 'asked for' })
    await administer('DELETE', `/users/${person.id}`)
    const events = await toldAbout(person.id)
    // What held personal data went with the account.
    expect(typesOf(events)).toEqual([
      'role.changed',
      'role.changed',
      'subscription.changed',
      'role.changed',
      'session.revoked',
      'account.erased',
    ])
    expect(events.map(({ data }) => [data.role, data.previousRole, data.plan, data.reason])).toEqual([
      ['admin', 'user', undefined, undefined],
      ['user', 'admin', undefined, undefined],
      [undefined, undefined, 'business', undefined],
      ['subscriber', 'user', undefined, undefined],
      [undefined, undefined, undefined, 'lock'],
      [undefined, undefined, undefined, undefined],
    ])
    const versions = events.map(({ data }) => Number(data.version))
    expect(versions).toEqual([...versions].sort((a, b) => a - b))
    expect(JSON.stringify(events)).not.toContain(person.email)
  })

  test('of keys, of a plan that ends by the clock, and of the catalogue', async () => {
    const person = await signedIn(app, { plan: 'professional', role: 'subscriber' })
    const key = await request('/v1/api-keys', { bearer: person.bearer, json: { name: 'CI', password: goodPassword } })
    const { id: keyId } = await bodyOf<{ id: string }>(key)
    await request(`/v1/api-keys/${keyId}`, { method: 'DELETE', bearer: person.bearer })
    await sql`update user_subscriptions set current_period_end = clock_timestamp() - interval '1 second' where account_id = ${person.id}`
    await sql`select run_job('end-expired')`
    const events = (await toldAbout(person.id)).slice(2)
    expect(events.map(({ type, data }) => [type, data.apiKeyId ?? data.plan ?? data.role])).toEqual([
      ['api_key.created', keyId],
      ['api_key.deleted', keyId],
      ['subscription.changed', 'professional'],
      ['subscription.ended', 'free'],
      ['role.changed', 'user'],
    ])
    await administer('PATCH', '/features/phone_support', { description: 'By telephone' })
    const [catalogue] = (await told(everything.id, ({ type }) => type === 'catalogue.changed')).slice(-1)
    expect(catalogue?.data).toEqual({ catalogueVersion: app.deps.catalogue.current.version })
  })
})

describe('an account’s own endpoint', () => {
  test('hears of that account alone, and of nothing personal', async () => {
    const [person, other] = [
      await signedIn(app, { plan: 'professional', role: 'subscriber' }),
      await signedIn(app, { plan: 'professional', role: 'subscriber' }),
    ]
    const own = await add('/v1/webhooks', person.bearer, ownWebhookEvents)
    for (const { bearer } of [person, other])
      await request('/v1/me', { method: 'PATCH', bearer, json: { firstName: 'Asha', phoneNumber: '+14155550100' } })
    const events = await told(own.id)
    expect(events.map(({ type, data }) => [type, data.accountId])).toEqual([['account.updated', person.id]])
    expect(Object.keys(events[0]?.data ?? {}).sort()).toEqual([
      'accountId',
      'emailVerified',
      'role',
      'status',
      'version',
    ])
    await request('/v1/me', { method: 'DELETE', bearer: person.bearer, json: { password: goodPassword } })
    const left =
      await sql`select from webhook_endpoints where account_id = ${person.id} union all select from webhook_messages where account_id = ${person.id}`
    expect(left).toHaveLength(0)
  })
})

describe('nothing is written', () => {
  test('where no endpoint wants it, or the change is rolled back', async () => {
    await request(`/v1/admin/webhooks/${everything.id}`, {
      method: 'PATCH',
      bearer: root.bearer,
      json: { enabled: false },
    })
    const roles = await add('/v1/admin/webhooks', root.bearer, ['role.changed'])
    const count = async () => (await sql`select count(*)::int as n from webhook_messages`)[0]?.n
    const before = await count()
    const person = await registered(app)
    await request('/v1/me', { method: 'PATCH', bearer: person.accessToken, json: { lastName: 'Rao' } })
    expect(await count()).toBe(before)
    await sql
      .begin(async (tx) => {
        await tx`update user_accounts set role = 'guest' where id = ${person.id}`
        await tx`set constraints all immediate`
        throw new Error('rolled back')
      })
      .catch(() => {})
    expect([await count(), await told(roles.id)]).toEqual([before, []])
    await administer('PUT', `/users/${person.id}/role`, { role: 'guest' })
    expect(typesOf(await told(roles.id))).toEqual(['role.changed'])
  })

  test('for somebody else’s change, whoever it is', async () => {
    const person = await givenAccount(app)
    await sql`update user_accounts set first_name = 'X' where id = ${person.id}`
    const [row] = await sql`select count(*)::int as n from webhook_messages where account_id = ${person.id}`
    expect(row?.n).toBe(0)
  })
})
