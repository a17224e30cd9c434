import { describe, expect, test } from 'bun:test'
import { recordAuthzChange } from '../../src/changes/record.ts'
import { createSecrets } from '../../src/secrets/secrets.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const root = await signedIn(app, { role: 'superadmin' })
const person = await signedIn(app, { plan: 'professional', role: 'subscriber' })
const other = await signedIn(app, { plan: 'professional', role: 'subscriber' })

type Endpoint = {
  id: string
  url: string
  secret: string | null
  enabled: boolean
  events: string[]
  description: string | null
}
const url = 'https://hooks.example.com/in'
const json = { url, events: ['account.updated'] }
const added = async (bearer: string, more: object = {}, path = '/v1/webhooks') => {
  const answer = await request(path, { bearer, json: { ...json, ...more } })
  expect(answer.status).toBe(201)
  const endpoint = await bodyOf<Endpoint>(answer)
  expect(answer.headers.get('location')).toBe(`${path}/${endpoint.id}`)
  return endpoint
}

describe('an endpoint', () => {
  test('is made with a secret that is shown once, and stands in no table in clear', async () => {
    const made = await added(person.bearer, { description: 'Ours' })
    expect(made.secret).toMatch(/^whsec_[A-Za-z0-9+/]{32}$/)
    const read = await bodyOf<Endpoint>(await request(`/v1/webhooks/${made.id}`, { bearer: person.bearer }))
    expect(read).toEqual({ ...made, secret: undefined } as never)
    const [row] = await sql<{ text: string }[]>`
      select encode(secret, 'escape') || (select coalesce(string_agg(l.details::text, ''), '') from audit_logs l) as text
        from webhook_endpoints where id = ${made.id}`
    expect(row?.text).not.toContain(made.secret?.slice(6) ?? '?')
    const repeat = { bearer: person.bearer, json, headers: { 'Idempotency-Key': 'once' } }
    const [first, again] = [await request('/v1/webhooks', repeat), await request('/v1/webhooks', repeat)]
    const [a, b] = [await bodyOf<Endpoint>(first), await bodyOf<Endpoint>(again)]
    expect([a.id === b.id, b.secret]).toEqual([true, null])
  })

  test('is changed, switched off, and deleted by its owner alone', async () => {
    const made = await added(person.bearer)
    const path = `/v1/webhooks/${made.id}`
    for (const [method, suffix, body] of [
      ['GET', '', undefined],
      ['PATCH', '', { enabled: false }],
      ['DELETE', '', undefined],
      ['POST', '/rotate', undefined],
      ['POST', '/test', undefined],
      ['GET', '/deliveries', undefined],
      ['POST', `/deliveries/${Bun.randomUUIDv7()}/redeliver`, undefined],
    ] as const)
      for (const [bearer, base] of [
        [other.bearer, '/v1/webhooks'],
        [root.bearer, '/v1/admin/webhooks'],
      ] as const)
        await expectProblem(
          await request(`${base}/${made.id}${suffix}`, { method, bearer, ...(body && { json: body }) }),
          'not-found',
        )
    const patched = await request(path, {
      method: 'PATCH',
      bearer: person.bearer,
      json: { url: `${url}/2`, events: ['role.changed', 'role.changed'], description: null, enabled: false },
    })
    const { events, enabled, url: now } = await bodyOf<Endpoint>(patched)
    expect([events, enabled, now]).toEqual([['role.changed'], false, `${url}/2`])
    await expectProblem(await request(`${path}/test`, { method: 'POST', bearer: person.bearer }), 'webhook-disabled')
    expect((await request(path, { method: 'DELETE', bearer: person.bearer })).status).toBe(204)
    await expectProblem(await request(path, { bearer: person.bearer }), 'not-found')
  })

  test('needs the feature, or for the operators’ the permission', async () => {
    const free = await signedIn(app)
    const denied = await expectProblem(
      await request('/v1/webhooks', { bearer: free.bearer, json }),
      'feature-not-in-plan',
    )
    expect(denied.missingFeatures).toEqual(['webhook_support'])
    await expectProblem(await request('/v1/admin/webhooks', { bearer: person.bearer, json }), 'permission-denied')
  })

  test('is listed and deleted by whoever has lost the feature; nothing else is done with it', async () => {
    const owner = await signedIn(app, { plan: 'professional', role: 'subscriber' })
    const [made, kept] = [await added(owner.bearer), await added(owner.bearer)]
    await deps.sql.begin(async (tx) => {
      await tx`update user_subscriptions set plan = 'free' where account_id = ${owner.id} and ended_at is null`
      await recordAuthzChange(tx, { accountId: owner.id })
    })
    const ask = (method: string, path = '', body?: object) =>
      request(`/v1/webhooks${path}`, { method, bearer: owner.bearer, ...(body && { json: body }) })
    const listed = async () => (await bodyOf<{ items: Endpoint[] }>(await ask('GET'))).items.map(({ id }) => id)
    expect(await listed()).toEqual([kept.id, made.id])
    for (const [method, path, body] of [
      ['POST', '', json],
      ['GET', `/${made.id}`],
      ['PATCH', `/${made.id}`, { enabled: false }],
      ['POST', `/${made.id}/rotate`],
      ['POST', `/${made.id}/test`],
      ['GET', `/${made.id}/deliveries`],
    ] as const)
      await expectProblem(await ask(method, path, body), 'feature-not-in-plan')
    const foreign = await added(other.bearer)
    await expectProblem(await ask('DELETE', `/${foreign.id}`), 'feature-not-in-plan')
    expect((await ask('DELETE', `/${made.id}`)).status).toBe(204)
    expect(await listed()).toEqual([kept.id])
    expect((await ask('DELETE', `/${kept.id}`)).status).toBe(204)
    await expectProblem(await ask('GET'), 'feature-not-in-plan')
    await expectProblem(await ask('DELETE', `/${kept.id}`), 'feature-not-in-plan')
  })

  test.each([
    [{ url: 'http://hooks.example.com/' }, 'url'],
    [{ url: 'https://10.0.0.1/' }, 'url'],
    [{ url: 'http://127.0.0.1:3000/' }, 'url'],
    [{ events: [] }, 'events'],
    [{ events: ['account.everything'] }, 'events.0'],
    [{ events: ['catalogue.changed'] }, 'events.0'],
    [{ description: '\u202Ex' }, 'description'],
  ])('is refused with a sentence at the field: %j', async (wrong, path) => {
    const problem = await expectProblem(
      await request('/v1/webhooks', { bearer: person.bearer, json: { ...json, ...wrong } }),
      'validation-failed',
    )
    expect(problem.errors?.map((error) => error.path)).toEqual([path])
  })

  test('of an account is one of twenty at most, however many are made at once', async () => {
    const owner = await signedIn(app, { plan: 'professional', role: 'subscriber' })
    const answers = await Promise.all(
      Array.from({ length: 30 }, () => request('/v1/webhooks', { bearer: owner.bearer, json })),
    )
    const codes = await Promise.all(
      answers.map(async (answer) => (answer.status === 201 ? 201 : (await bodyOf(answer)).code)),
    )
    expect(codes.filter((code) => code === 201)).toHaveLength(20)
    expect(new Set(codes)).toEqual(new Set([201, 'too-many-webhooks']))
    const ids: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: { items: Endpoint[]; nextCursor: string | null } = await bodyOf(
        await request(`/v1/webhooks?limit=7${cursor && `&cursor=${cursor}`}`, { bearer: owner.bearer }),
      )
      ids.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    }
    expect(ids).toEqual([...new Set(ids)].sort().reverse())
    expect(ids).toHaveLength(20)
  })

  test('is rotated: the secret of before goes on for a day, encrypted at its own place', async () => {
    const made = await added(person.bearer)
    const rotated = await request(`/v1/webhooks/${made.id}/rotate`, { method: 'POST', bearer: person.bearer })
    const { secret, earlierSecretUntil } = await bodyOf<{ secret: string; earlierSecretUntil: string }>(rotated)
    expect(secret).not.toBe(made.secret ?? '')
    expect(Math.round((Date.parse(earlierSecretUntil) - deps.now()) / 3_600_000)).toBe(24)
    const [row] = await sql<{ secret: Buffer; earlierSecret: Buffer }[]>`
      select secret, earlier_secret from webhook_endpoints where id = ${made.id}`
    const place = (column: string) => ({ table: 'webhook_endpoints', column, id: made.id })
    expect([
      deps.secrets.decrypt(row?.secret ?? Buffer.of(), place('secret')),
      deps.secrets.decrypt(row?.earlierSecret ?? Buffer.of(), place('earlier_secret')),
    ]).toEqual([secret, made.secret ?? ''])
  })

  test('is rotated, too, when no key at hand reads its secret: the new one signs alone', async () => {
    const made = await added(person.bearer)
    const place = (column: string) => ({ table: 'webhook_endpoints', column, id: made.id })
    const lost = createSecrets(['a key that is lost, and long enough']).encrypt('whsec_lost', place('secret'))
    await sql`update webhook_endpoints set secret = ${lost} where id = ${made.id}`
    const rotated = await request(`/v1/webhooks/${made.id}/rotate`, { method: 'POST', bearer: person.bearer })
    const { secret } = await bodyOf<{ secret: string }>(rotated)
    const [row] = await sql<{ secret: Buffer; earlierSecret: Buffer }[]>`
      select secret, earlier_secret from webhook_endpoints where id = ${made.id}`
    expect([
      deps.secrets.decrypt(row?.secret ?? Buffer.of(), place('secret')),
      deps.secrets.decrypt(row?.earlierSecret ?? Buffer.of(), place('earlier_secret')),
    ]).toEqual([secret, secret])
  })

  test('is audited, without its address in what is kept for good', async () => {
    const made = await added(root.bearer, { events: ['account.erased'] }, '/v1/admin/webhooks')
    await request(`/v1/admin/webhooks/${made.id}/test`, { method: 'POST', bearer: root.bearer })
    await request(`/v1/admin/webhooks/${made.id}`, { method: 'DELETE', bearer: root.bearer })
    const rows = await sql<{ action: string; details: unknown }[]>`
      select action, details from audit_logs where entity_type = 'webhook' and entity_id = ${made.id} order by id`
    expect(rows.map(({ action }) => action)).toEqual(['webhook.create', 'webhook.test', 'webhook.delete'])
    expect(JSON.stringify(rows)).not.toContain('example.com')
  })
})
