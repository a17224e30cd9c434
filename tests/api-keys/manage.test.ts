import { describe, expect, test } from 'bun:test'
import { maxApiKeys } from '../../src/api-keys/manage.ts'
import { givenAccount, goodPassword } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { findEverywhere } from '../support/whole-life.ts'

const app = await openTestApp({ DB_POOL_MAX: '20' })
const { request, sql } = app

type Created = {
  id: string
  name: string
  prefix: string
  key: string | null
  permissions: string[]
  expiresAt: string | null
  ipRanges: string[] | null
  createdAt: string
}

const make = (bearer: string, json: Record<string, unknown> = {}, headers: Record<string, string> = {}) =>
  request('/v1/api-keys', { bearer, json: { name: 'Nightly report', password: goodPassword, ...json }, headers })

/** As many as are judged at once: the password is asked for, and of an account's five tries may be undecided. */
async function inFives(count: number, ask: () => Promise<Response>): Promise<Response[]> {
  const answers: Response[] = []
  while (answers.length < count) answers.push(...(await Promise.all(Array.from({ length: 5 }, ask))))
  return answers
}

async function made(bearer: string, json: Record<string, unknown> = {}): Promise<Created & { key: string }> {
  const answer = await make(bearer, json)
  expect(answer.status).toBe(201)
  return bodyOf(answer)
}

describe('a new key', () => {
  test('is shown once, in a body with these members and no others, and has a place', async () => {
    const { bearer } = await signedIn(app)
    const answer = await make(bearer, { expiresAt: '2090-01-01T05:30:00+05:30' })
    expect(answer.status).toBe(201)
    const created = await bodyOf<Created>(answer)
    expect(answer.headers.get('location')).toBe(`/v1/api-keys/${created.id}`)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(created).toEqual({
      id: expect.any(String),
      name: 'Nightly report',
      prefix: created.key?.slice(0, 11) ?? '',
      key: expect.stringMatching(/^mk_[0-9A-Za-z]{49}$/),
      permissions: ['dashboard.read', 'profile.read'],
      expiresAt: '2090-01-01T00:00:00.000Z',
      ipRanges: null,
      createdAt: expect.any(String),
    })
    const again = await request(`/v1/api-keys/${created.id}`, { bearer })
    const { key: _, ...shown } = created
    expect(await bodyOf(again)).toEqual({ ...shown, lastUsedAt: null })
  })

  test('is nowhere in the database, whole or without its beginning', async () => {
    const { bearer } = await signedIn(app)
    const { key } = await made(bearer)
    await request('/v1/me', { bearer: key })
    await app.deps.apiKeys.flush()
    expect(await findEverywhere(app, key)).toEqual([])
    expect(await findEverywhere(app, key.slice(11))).toEqual([])
    expect(await findEverywhere(app, key.slice(0, 11))).toEqual(['api_keys', 'audit_logs', 'mail_outbox'])
  })

  test('and its deletion are in the trail, what it is called and where it may be used apart', async () => {
    const { bearer, id } = await signedIn(app, { plan: 'business' })
    const key = await made(bearer, { name: 'Clinic of Asha', ipRanges: ['203.0.113.7'] })
    await request(`/v1/api-keys/${key.id}`, { method: 'DELETE', bearer })
    const rows = await sql`
      select action, actor_id, entity_id, details, p.data -> 'after' as after from audit_logs l left join audit_subjects p on p.audit_id = l.id
       where entity_type = 'api_key' and actor_id = ${id} order by l.id`
    const { prefix, permissions } = key
    expect(rows).toEqual<unknown>([
      {
        action: 'api_key.create',
        actorId: id,
        entityId: key.id,
        details: { prefix, permissions, expiresAt: null },
        after: { name: 'Clinic of Asha', ipRanges: ['203.0.113.7'] },
      },
      { action: 'api_key.delete', actorId: id, entityId: key.id, details: { prefix }, after: null },
    ])
  })

  test('takes a name of any script, and none that is empty or misleads', async () => {
    const { bearer } = await signedIn(app)
    expect((await made(bearer, { name: '  आशा’s report 🙂 ' })).name).toBe('आशा’s report 🙂')
    for (const name of ['', '   ', '\u200b', 'a\nb', 'a\u202eb', 'x'.repeat(101), 7, null])
      await expectProblem(await make(bearer, { name }), 'validation-failed')
    await expectProblem(await request('/v1/api-keys', { bearer, json: {} }), 'validation-failed')
  })

  test('takes no member that decides more than its owner may', async () => {
    const { bearer } = await signedIn(app)
    const id = Bun.randomUUIDv7()
    for (const extra of [{ accountId: id }, { key: 'mk_x' }, { role: 'superadmin' }, { privilegeLevel: 100 }, { id }])
      await expectProblem(await make(bearer, extra), 'validation-failed')
  })
})

describe('its permissions', () => {
  test('are named, and none is unknown', async () => {
    const { bearer } = await signedIn(app)
    const problem = await expectProblem(
      await make(bearer, { permissions: ['profile.read', 'every.thing'] }),
      'validation-failed',
    )
    expect(problem.errors).toMatchObject([{ path: 'permissions.1', code: 'unknown' }])
    for (const permissions of ['profile.read', ['*'], [null], Array(201).fill('profile.read')])
      await expectProblem(await make(bearer, { permissions }), 'validation-failed')
  })

  test('are ones that the owner holds', async () => {
    const { bearer, id } = await signedIn(app)
    const problem = await expectProblem(
      await make(bearer, { permissions: ['users.manage', 'profile.read', 'audit.read'] }),
      'permission-denied',
    )
    expect(problem.requiredPermissions).toEqual(['users.manage', 'audit.read'])
    expect(await sql`select 1 from api_keys where account_id = ${id}`).toHaveLength(0)
  })

  test('may be none, and a name that comes twice counts once', async () => {
    const { bearer } = await signedIn(app)
    expect((await made(bearer, { permissions: [] })).permissions).toEqual([])
    expect((await made(bearer, { permissions: ['profile.read', 'profile.read'] })).permissions).toEqual([
      'profile.read',
    ])
  })
})

describe('its end', () => {
  test('is still to come, by the clock of the database', async () => {
    const { bearer } = await signedIn(app)
    for (const expiresAt of [new Date(Date.now() - 1_000).toISOString(), '2001-01-01T00:00:00Z', 'tomorrow', 1, ''])
      await expectProblem(await make(bearer, { expiresAt }), 'validation-failed')
    // This process believes that it is yesterday: the database does not.
    app.clock.advance(-86_400)
    const answer = await make((await signedIn(app)).bearer, { expiresAt: new Date(Date.now() - 60_000).toISOString() })
    app.clock.advance(86_400)
    expect((await expectProblem(answer, 'validation-failed')).errors).toMatchObject([
      { path: 'expiresAt', code: 'past' },
    ])
  })

  test('may be left open', async () => {
    const { bearer } = await signedIn(app)
    expect((await made(bearer, { expiresAt: null })).expiresAt).toBeNull()
  })
})

describe('its addresses', () => {
  test('need the feature ip_whitelisting', async () => {
    const { bearer } = await signedIn(app, { plan: 'professional' })
    const problem = await expectProblem(await make(bearer, { ipRanges: ['203.0.113.0/24'] }), 'feature-not-in-plan')
    expect(problem).toMatchObject({ missingFeatures: ['ip_whitelisting'], upgrade: { plan: 'business' } })
    await made(bearer, { ipRanges: null })
  })

  test('are kept in one spelling', async () => {
    const { bearer } = await signedIn(app, { plan: 'business' })
    const given = ['10.1.2.3/8', '2001:0DB8::1/33', '::ffff:192.0.2.9', '192.0.2.9/32', '::ffff:10.0.0.0/104', '::1']
    const { id, ipRanges: answered } = await made(bearer, { ipRanges: given })
    expect(answered).toEqual(['10.0.0.0/8', '2001:db8::/33', '192.0.2.9', '::1'])
    const { ipRanges } = await bodyOf<{ ipRanges: string[] }>(await request(`/v1/api-keys/${id}`, { bearer }))
    expect(ipRanges).toEqual(['10.0.0.0/8', '2001:db8::/33', '192.0.2.9', '::1'])
  })

  test('let nearly everybody in neither alone nor together', async () => {
    const { bearer } = await signedIn(app, { plan: 'business' })
    const refused = [
      ['0.0.0.0/1', '128.0.0.0/1'],
      ['0.0.0.0/1'],
      ['128.0.0.0/2'],
      ['20.0.0.0/7'],
      ['20.0.0.0/8', '203.0.113.9'],
      Array.from({ length: 32 }, (_, i) => `${2 * i + 20}.0.0.0/9`),
      ['::ffff:0.0.0.0/97', '::ffff:128.0.0.0/97'],
      ['::/16'],
      ['::/80'],
      ['2000::/3'],
      ['2400::/15'],
      ['2400::/16', '2600::/32'],
      ['10.0.0.0/7'],
      ['fc00::/6'],
    ]
    for (const ipRanges of refused) {
      const problem = await expectProblem(await make(bearer, { ipRanges }), 'validation-failed')
      expect([ipRanges, problem.errors?.map(({ path }) => path)]).toEqual([ipRanges, ['ipRanges']])
    }
    const allowed = [
      ['20.0.0.0/8'],
      ['20.0.0.0/9', '20.128.0.0/9', '20.1.0.0/16', '20.0.0.0/8'],
      ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7', 'fe80::/10'],
      ['2400::/16'],
      ['2600:1f00::/24', '203.0.113.0/24'],
    ]
    for (const ipRanges of allowed) await made(bearer, { ipRanges })
  })

  test('are addresses and ranges, and not everybody', async () => {
    const { bearer } = await signedIn(app, { plan: 'business' })
    const refused = ['', 'nonsense', '10.0.0.0/33', '::/129', '0.0.0.0/0', '::/0', '::ffff:0:0/96', '10.0.0.0/-1']
    for (const range of [
      ...refused,
      '10.0.0.0/8/8',
      'fe80::1%eth0',
      '010.0.0.1',
      '1.2.3.4,5.6.7.8',
      `${'1'.repeat(50)}`,
    ])
      await expectProblem(await make(bearer, { ipRanges: [range] }), 'validation-failed')
    for (const ipRanges of [[], '10.0.0.0/8', [null], Array(51).fill('10.0.0.0/8')])
      await expectProblem(await make(bearer, { ipRanges }), 'validation-failed')
  })
})

describe('keys of an account', () => {
  test('are listed newest first, in pages, without the keys themselves, and nobody else’s', async () => {
    const { bearer } = await signedIn(app)
    await givenApiKey(app, (await givenAccount(app)).id)
    const ids = [await made(bearer), await made(bearer), await made(bearer)].map(({ id }) => id)
    type List = { items: { id: string }[]; nextCursor: string | null }
    const first = await bodyOf<List>(await request('/v1/api-keys?limit=2', { bearer }))
    const second = await bodyOf<List>(await request(`/v1/api-keys?limit=2&cursor=${first.nextCursor}`, { bearer }))
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids.toReversed())
    expect(second.nextCursor).toBeNull()
    expect(JSON.stringify([first, second])).not.toMatch(/mk_\w{9}|hash|"key"/)
  })

  test('50 made, five at once: as many as an account may have, and no more', async () => {
    const { bearer, id } = await signedIn(app)
    const answers = await inFives(50, () => make(bearer))
    const refused = answers.filter(({ status }) => status !== 201)
    expect(refused).toHaveLength(50 - maxApiKeys)
    for (const answer of refused) await expectProblem(answer, 'too-many-api-keys')
    expect(await sql`select 1 from api_keys where account_id = ${id}`).toHaveLength(maxApiKeys)
    // Deleting one makes room for one.
    const [first] = await sql<{ id: string }[]>`select id from api_keys where account_id = ${id} limit 1`
    expect((await request(`/v1/api-keys/${first?.id}`, { method: 'DELETE', bearer })).status).toBe(204)
    await made(bearer)
    await expectProblem(await make(bearer), 'too-many-api-keys')
  })

  test('a key that was deleted is gone', async () => {
    const { bearer } = await signedIn(app)
    const { id } = await made(bearer)
    expect((await request(`/v1/api-keys/${id}`, { method: 'DELETE', bearer })).status).toBe(204)
    for (const method of ['GET', 'DELETE'])
      await expectProblem(await request(`/v1/api-keys/${id}`, { method, bearer }), 'not-found')
  })

  test('are out of reach once an administrator took API access away, with no plan that would help', async () => {
    const person = await signedIn(app)
    const admin = await signedIn(app, { role: 'admin' })
    await request(`/v1/admin/users/${person.id}/features/api_access`, {
      method: 'PUT',
      bearer: admin.bearer,
      json: { granted: false, reason: 'abused' },
    })
    const problem = await expectProblem(await make(person.bearer), 'feature-not-in-plan')
    expect(problem).toMatchObject({ missingFeatures: ['api_access'], upgrade: null })
  })
})

describe('an Idempotency-Key', () => {
  test('50 times, five at once, makes one key, shown to one; the repeats are answered without it', async () => {
    const { bearer, id } = await signedIn(app)
    const headers = { 'Idempotency-Key': Bun.randomUUIDv7() }
    const answers = await inFives(50, () => make(bearer, {}, headers))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]))
    const [own = [], replays = []] = [
      answers.filter((answer) => !answer.headers.has('idempotency-replayed')),
      answers.filter((answer) => answer.headers.has('idempotency-replayed')),
    ]
    expect(own).toHaveLength(1)
    const first = await bodyOf<Created>(own[0] ?? new Response('{}'))
    for (const replay of replays) {
      expect(replay.headers.get('location')).toBe(`/v1/api-keys/${first.id}`)
      expect(await bodyOf(replay)).toEqual({ ...first, key: null })
    }
    expect(await sql`select 1 from api_keys where account_id = ${id}`).toHaveLength(1)
    expect(await findEverywhere(app, first.key ?? '?')).toEqual([])
  })

  test('is looked at after what may be refused, and keeps the refusal of a full account', async () => {
    const { bearer, id } = await signedIn(app)
    const headers = { 'Idempotency-Key': Bun.randomUUIDv7() }
    await expectProblem(await make(bearer, { permissions: ['every.thing'] }, headers), 'validation-failed')
    await expectProblem(await make(bearer, { permissions: ['users.manage'] }, headers), 'permission-denied')
    await expectProblem(await make(bearer, { ipRanges: ['10.0.0.0/8'] }, headers), 'feature-not-in-plan')
    for (let i = 0; i < maxApiKeys; i++) await givenApiKey(app, id)
    await expectProblem(await make(bearer, {}, headers), 'too-many-api-keys')
    await sql`delete from api_keys where account_id = ${id}`
    const replay = await make(bearer, {}, headers)
    expect(replay.headers.get('idempotency-replayed')).toBe('true')
    await expectProblem(await make(bearer, { name: 'Another' }, headers), 'idempotency-key-reused')
  })
})
