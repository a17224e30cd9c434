import { describe, expect, test } from 'bun:test'
import { givenAccount } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { countKeys, createPost, newKey, newRole, replayed } from '../support/repeats.ts'

const app = await openTestApp()
const { request, sql } = app

const root = await signedIn(app, { role: 'superadmin' })
const admin = await signedIn(app, { role: 'admin' })

const post = createPost(app, root.bearer)
const storedKeys = () => countKeys(app)

describe('the same request with the same key', () => {
  test('gets the answer of the first, body, status, type and place alike, and does nothing more', async () => {
    const [key, json] = [newKey(), newRole()]
    const first = await post({ key, json })
    expect([first.status, replayed(first)]).toEqual([201, null])
    const again = await post({ key, json })
    expect([again.status, replayed(again)]).toEqual([201, 'true'])
    for (const name of ['content-type', 'location']) expect(again.headers.get(name)).toBe(first.headers.get(name))
    expect(await again.text()).toBe(await first.text())
    expect(await sql`select 1 from audit_logs where entity_id = ${json.name}`).toHaveLength(1)
    // Headers that belong to the request at hand are its own.
    expect(again.headers.get('x-request-id')).not.toBe(first.headers.get('x-request-id'))
  })

  test('50 times at once: one effect, one answer, 49 replays of it', async () => {
    const [key, json] = [newKey(), newRole()]
    const answers = await Promise.all(Array.from({ length: 50 }, () => post({ key, json })))
    expect(answers.map(({ status }) => status)).toEqual(Array<number>(50).fill(201))
    expect(answers.filter((answer) => replayed(answer) === 'true')).toHaveLength(49)
    expect(new Set(await Promise.all(answers.map((answer) => answer.text()))).size).toBe(1)
    expect(await sql`select 1 from audit_logs where entity_id = ${json.name}`).toHaveLength(1)
  })

  test('50 trials at once: one begins, and all are told so', async () => {
    const person = await signedIn(app)
    const json = { plan: 'starter', interval: 'month' }
    const key = newKey()
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => post({ path: '/v1/subscription', key, json, bearer: person.bearer })),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(answers.filter((answer) => replayed(answer) === null)).toHaveLength(1)
    expect(await sql`select 1 from trials where account_id = ${person.id}`).toHaveLength(1)
    expect(
      await sql`select 1 from audit_logs where actor_id = ${person.id} and action = 'subscription.start_trial'`,
    ).toHaveLength(1)
  })

  test('replays an answer without a body too', async () => {
    const { id } = await givenAccount(app)
    const asked = {
      path: `/v1/admin/users/${id}/lock`,
      key: newKey(),
      json: { reason: 'asked for' },
      bearer: admin.bearer,
    }
    for (const expected of [null, 'true', 'true']) {
      const answer = await post(asked)
      expect([answer.status, replayed(answer), await answer.text()]).toEqual([204, expected, ''])
    }
    // Unlocked meanwhile, a repeat of the old request locks nobody again.
    await post({ path: `/v1/admin/users/${id}/unlock`, bearer: admin.bearer })
    await post(asked)
    expect(await sql`select status from user_accounts where id = ${id}`).toEqual([{ status: 'active' }] as never)
  })

  test('is another one with another body, however little differs', async () => {
    const [key, json] = [newKey(), newRole()]
    await post({ key, json })
    for (const other of [{ ...json, privilegeLevel: 21 }, newRole(), { ...json, description: 'Made here ' }])
      await expectProblem(await post({ key, json: other }), 'idempotency-key-reused')
    expect(replayed(await post({ key, json }))).toBe('true')
  })

  test('is refused for its input, not for its key, when it names what does not exist', async () => {
    const [key, json] = [newKey(), newRole()]
    await post({ key, json })
    await expectProblem(await post({ key, json: { ...json, permissions: ['no.such'] } }), 'validation-failed')
    const person = await signedIn(app)
    const asked = { path: '/v1/subscription', key, bearer: person.bearer }
    await post({ ...asked, json: { plan: 'starter', interval: 'month' } })
    await expectProblem(await post({ ...asked, json: { plan: 'no_such', interval: 'month' } }), 'validation-failed')
  })

  test('makes its changes known like any other: rights given under a key are there at the next request', async () => {
    const person = await signedIn(app)
    await post({
      path: '/v1/subscription',
      key: newKey(),
      json: { plan: 'professional', interval: 'month' },
      bearer: person.bearer,
    })
    expect((await request('/v1/dashboard/insights', { bearer: person.bearer })).status).toBe(200)
    await post({
      path: `/v1/admin/users/${person.id}/lock`,
      key: newKey(),
      json: { reason: 'asked for' },
      bearer: admin.bearer,
    })
    await expectProblem(await request('/v1/me', { bearer: person.bearer }), 'account-disabled')
  })
})

describe('a key', () => {
  test('is scoped to account, method and path', async () => {
    const key = newKey()
    const [one, two] = [await givenAccount(app), await givenAccount(app)]
    const lock = (id: string, bearer: string) =>
      post({ path: `/v1/admin/users/${id}/lock`, key, json: { reason: 'asked for' }, bearer })
    for (const [id, bearer] of [
      [one.id, admin.bearer],
      [two.id, admin.bearer],
      [one.id, root.bearer],
    ] as const) {
      expect(replayed(await lock(id, bearer))).toBeNull()
      expect(replayed(await lock(id, bearer))).toBe('true')
    }
  })

  test('is 1 to 255 printable ASCII characters', async () => {
    for (const key of ['x', 'inner space is fine', '~'.repeat(255), '"quoted"', "{}[]!#$%&'()*+,-./:;<=>?@\\^_`|"]) {
      const json = newRole()
      expect((await post({ key, json })).status).toBe(201)
      expect(replayed(await post({ key, json }))).toBe('true')
    }
    for (const key of ['', 'x'.repeat(256), 'schlüssel', 'tab\there', '\u00a0']) {
      const json = newRole()
      expect((await post({ key, json })).status).toBe(400)
      expect(await sql`select 1 from roles where name = ${json.name}`).toHaveLength(0)
    }
  })

  test('is forgotten after 24 hours', async () => {
    const { id } = await givenAccount(app)
    const asked = { path: `/v1/admin/users/${id}/revoke-sessions`, key: newKey(), bearer: admin.bearer }
    await post(asked)
    await sql`update idempotency_keys set created_at = created_at - interval '23 hours 59 minutes' where key = ${asked.key}`
    expect(replayed(await post(asked))).toBe('true')
    await sql`update idempotency_keys set created_at = created_at - interval '2 minutes' where key = ${asked.key}`
    expect(replayed(await post(asked))).toBeNull()
    expect(replayed(await post(asked))).toBe('true')
  })

  test('that is still at work elsewhere for longer than one waits is 409, and good again afterwards', async () => {
    const hasty = await openTestApp({ DB_STATEMENT_TIMEOUT_MS: '1000', DATABASE_URL: app.databaseUrl })
    const [key, json] = [newKey(), newRole()]
    await sql.begin(async (tx) => {
      await tx`insert into idempotency_keys (account_id, method, path, key, request_hash, status) values (${root.id}, 'POST', '/v1/admin/roles', ${key}, sha256('x'), 0)`
      await expectProblem(await createPost(hasty, root.bearer)({ key, json }), 'idempotency-key-in-use')
      await tx`delete from idempotency_keys where key = ${key}`
    })
    expect((await post({ key, json })).status).toBe(201)
  })

  test('means nothing where it is not asked for: a repeat is done again', async () => {
    const { id } = await givenAccount(app)
    const before = await storedKeys()
    const put = () =>
      request(`/v1/admin/users/${id}/role`, {
        method: 'PUT',
        bearer: admin.bearer,
        json: { role: 'guest' },
        headers: { 'Idempotency-Key': 'fixed' },
      })
    for (const answer of [
      await put(),
      await put(),
      await request('/v1/me', { bearer: admin.bearer, headers: { 'Idempotency-Key': 'fixed' } }),
    ])
      expect([answer.status, replayed(answer)]).toEqual([200, null])
    const login = await request('/v1/auth/login', {
      json: { email: admin.email, password: admin.password },
      headers: { 'Idempotency-Key': 'fixed' },
    })
    expect([login.status, replayed(login)]).toEqual([200, null])
    expect(await storedKeys()).toBe(before)
  })
})
