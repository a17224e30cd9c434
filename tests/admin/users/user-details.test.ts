import { afterAll, describe, expect, test } from 'bun:test'
import { createApp } from '../../../src/app.ts'
import { openDeps } from '../../../src/services.ts'
import { logIn } from '../../support/accounts.ts'
import { signedIn } from '../../support/administration.ts'
import { givenApiKey } from '../../support/api-keys.ts'
import { bodyOf, openTestApp } from '../../support/app.ts'
import { closedBeforeDrop } from '../../support/cluster.ts'
import { storedPasskey } from '../../support/passkeys.ts'
import { expectProblem } from '../../support/problems.ts'

const app = await openTestApp({ AUTHZ_FEED: 'poll' })
const { request, sql } = app
const other = await openDeps(app.config, app.deps.log)
const otherApp = createApp(other)
afterAll(closedBeforeDrop(app.databaseUrl, () => other.close(1)))

const root = await signedIn(app, { role: 'superadmin' })
const admin = await signedIn(app, { role: 'admin' })
const person = await signedIn(app)

type List = { items: Record<string, unknown>[]; nextCursor: string | null }
const parts = ['sessions', 'api-keys', 'payments', 'sign-in-methods', 'team']
const look = (id: string, part: string, bearer = admin.bearer) => request(`/v1/admin/users/${id}/${part}`, { bearer })
const end = (id: string, session: string, bearer = admin.bearer) =>
  request(`/v1/admin/users/${id}/sessions/${session}`, { method: 'DELETE', bearer })
const listOf = async (answer: Response) => {
  expect(answer.status).toBe(200)
  return bodyOf<List>(answer)
}
const sessionIds = async (id: string) =>
  (await listOf(await look(id, 'sessions', root.bearer))).items.map((one) => one.id as string)

describe('an administrator reads', () => {
  test('of sessions: the network instead of the address, and only those that live', async () => {
    const { id } = await signedIn(app)
    await sql`update sessions set ip_address = '203.0.113.77' where account_id = ${id}`
    const { items } = await listOf(await look(id, 'sessions'))
    expect(items).toHaveLength(1)
    expect(items[0]).toMatchObject({ network: '203.0.113.0/24', current: false })
    expect(JSON.stringify(items)).not.toContain('203.0.113.77')
    await sql`update sessions set ip_address = '2001:db8:1:2:3:4:5:6' where account_id = ${id}`
    expect((await listOf(await look(id, 'sessions'))).items[0]).toMatchObject({ network: '2001:db8:1::/48' })
    await sql`update sessions set expires_at = clock_timestamp() where account_id = ${id}`
    expect((await listOf(await look(id, 'sessions'))).items).toEqual([])
  })

  test('of API keys: never the key nor its hash', async () => {
    const given = await givenApiKey(app, person.id)
    const text = await (await look(person.id, 'api-keys')).text()
    expect(JSON.parse(text).items[0]).toMatchObject({ id: given.id, prefix: given.prefix, name: 'Nightly report' })
    expect(text).not.toContain(given.key)
    expect(text).not.toContain('hash')
  })

  test('of payments: without the link to the invoice, page by page', async () => {
    const ids = Array.from({ length: 3 }, () => Bun.randomUUIDv7())
    for (const id of ids)
      await sql`
        insert into payments (id, account_id, provider, provider_payment_id, subscription_id, kind, status, amount_minor, currency, plan, at, invoice_url)
        values (${id}, ${person.id}, 'sandbox', ${id}, 'sub', 'charge', 'succeeded', 2999, 'USD', 'professional', clock_timestamp(), 'https://invoice.example/secret')`
    const first = await listOf(await look(person.id, 'payments?limit=2'))
    const second = await listOf(await look(person.id, `payments?limit=2&cursor=${first.nextCursor}`))
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids.toReversed())
    expect(second.nextCursor).toBeNull()
    expect(JSON.stringify(first)).not.toContain('invoice')
    await expectProblem(await look(person.id, 'payments?cursor=of-no-page'), 'invalid-cursor')
  })

  test('of ways to sign in: that there are some, never what they are', async () => {
    await storedPasskey(app, person.id, 'Phone')
    await sql`
      insert into identities (id, account_id, provider, issuer, subject, email)
      values (${Bun.randomUUIDv7()}, ${person.id}, 'clinic', 'https://id.example', 'subject-of-this-person', 'ravi.menon@clinic.example')`
    const answer = await look(person.id, 'sign-in-methods')
    const text = await answer.text()
    expect(JSON.parse(text)).toMatchObject({
      password: true,
      totp: { enabled: false, since: null },
      recoveryCodesLeft: 0,
      passkeys: [{ name: 'Phone' }],
      identities: [{ provider: 'clinic', displayName: 'clinic', email: 'r…@clinic.example' }],
    })
    for (const secret of ['subject-of-this-person', 'ravi.menon', 'argon2', 'credential'])
      expect(text).not.toContain(secret)
    await sql`update user_accounts set password_hash = null where id = ${person.id}`
    expect(await bodyOf(await look(person.id, 'sign-in-methods'))).toMatchObject({ password: false })
  })
})

describe('whom', () => {
  test.each(parts)('%s: not of an equal, nor of who stands above; of oneself and of those below', async (part) => {
    const peer = await signedIn(app, { role: 'admin' })
    await expectProblem(await look(peer.id, part), 'privilege-escalation')
    await expectProblem(await look(root.id, part), 'privilege-escalation')
    expect((await look(admin.id, part)).status).toBe(200)
    expect((await look(peer.id, part, root.bearer)).status).toBe(200)
    await expectProblem(await look(Bun.randomUUIDv7(), part), 'not-found')
    await expectProblem(await look('none', part), 'not-found')
    await expectProblem(await look(person.id, part, person.bearer), 'permission-denied')
  })

  test('looking stands in the trail, and a refusal does not', async () => {
    const seen = await signedIn(app)
    for (const part of parts) await look(seen.id, part)
    const rows = await sql<{ actorId: string; part: string }[]>`
      select actor_id, details ->> 'part' as part from audit_logs where entity_id = ${seen.id} and action = 'account.read' order by id`
    expect(rows.map(({ actorId, part }) => [actorId, part])).toEqual(parts.map((part) => [admin.id, part]))
    const [{ refused } = { refused: -1 }] = await sql<{ refused: number }[]>`
      select count(*)::int as refused from audit_logs where entity_id = ${root.id} and actor_id = ${admin.id}`
    expect(refused).toBe(0)
  })

  test('an administrator who was demoted a moment ago is refused by the database, whatever the token says', async () => {
    const former = await signedIn(app, { role: 'admin' })
    await sql`update user_accounts set role = 'user' where id = ${former.id}`
    await expectProblem(await look(person.id, 'sessions', former.bearer), 'permission-denied')
  })
})

describe('one session that an administrator ends', () => {
  test('is refused everywhere from the next request on, and the others live', async () => {
    const target = await signedIn(app)
    const second = await logIn(app, target)
    const [ended = '', kept = ''] = await sessionIds(target.id)
    expect((await end(target.id, ended)).status).toBe(204)
    await expectProblem(await request('/v1/me', { bearer: second.accessToken }), 'session-revoked')
    await expectProblem(
      await request('/v1/auth/refresh', { json: { refreshToken: second.refreshToken } }),
      'invalid-refresh-token',
    )
    expect((await request('/v1/me', { bearer: target.bearer })).status).toBe(200)
    await other.feed.poll()
    const elsewhere = (bearer: string) =>
      otherApp.fetch(new Request('http://localhost/v1/me', { headers: { Authorization: `Bearer ${bearer}` } }), {})
    await expectProblem(await elsewhere(second.accessToken), 'session-revoked')
    expect((await elsewhere(target.bearer)).status).toBe(200)
    expect(await sessionIds(target.id)).toEqual([kept])
    await expectProblem(await end(target.id, ended), 'not-found')
    const rows = await sql<{ actorId: string; details: unknown }[]>`
      select actor_id, details from audit_logs where entity_id = ${ended} and action = 'session.end'`
    expect(rows.map(({ actorId, details }) => ({ actorId, details }))).toEqual([
      { actorId: admin.id, details: { reason: 'revoked' } },
    ])
  })

  test('is one of that very person, below the administrator', async () => {
    const [target, peer] = [await signedIn(app), await signedIn(app, { role: 'admin' })]
    const [own = ''] = await sessionIds(target.id)
    const [peers = ''] = await sessionIds(peer.id)
    await expectProblem(await end(person.id, own), 'not-found')
    await expectProblem(await end(peer.id, peers), 'privilege-escalation')
    await expectProblem(await end(peer.id, Bun.randomUUIDv7()), 'privilege-escalation')
    const [mine = ''] = await sessionIds(admin.id)
    await expectProblem(await end(admin.id, mine), 'privilege-escalation')
    expect((await request('/v1/me', { bearer: target.bearer })).status).toBe(200)
    expect((await request('/v1/me', { bearer: peer.bearer })).status).toBe(200)
  })

  test('ends once, however many ask at the same time', async () => {
    const target = await signedIn(app)
    const [session = ''] = await sessionIds(target.id)
    const statuses = (await Promise.all([1, 2, 3, 4].map(() => end(target.id, session)))).map(({ status }) => status)
    expect(statuses.sort()).toEqual([204, 404, 404, 404])
  })
})
