import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { authenticate } from '../../src/access/bearer-guard.ts'
import type { AuthedEnv } from '../../src/access/env.ts'
import { openApp } from '../../src/app.ts'
import { AppError } from '../../src/errors/app-error.ts'
import { fuse } from '../../src/http/fuse.ts'
import { noInput } from '../../src/http/input/validate.ts'
import { idempotent } from '../../src/idempotency/middleware.ts'
import { givenAccount } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { countKeys, createPost, newKey, newRole, replayed } from '../support/repeats.ts'

const app = await openTestApp()
const { request, sql } = app

const root = await signedIn(app, { role: 'superadmin' })
const admin = await signedIn(app, { role: 'admin' })

const post = createPost(app, root.bearer)
const storedKeys = () => countKeys(app)

describe('what is kept', () => {
  test("a service's own conflict: the repeat is told the same, though things have changed, and nothing of it was written", async () => {
    const person = await signedIn(app, { plan: 'starter', role: 'subscriber' })
    const asked = {
      path: '/v1/subscription',
      key: newKey(),
      json: { plan: 'starter', interval: 'month' },
      bearer: person.bearer,
    }
    await expectProblem(await post(asked), 'already-subscribed')
    await request('/v1/subscription', { method: 'DELETE', bearer: person.bearer })
    const again = await post(asked)
    expect(replayed(again)).toBe('true')
    expect(again.headers.get('content-type')).toBe('application/problem+json')
    expect(await bodyOf(again)).toMatchObject({ code: 'already-subscribed', status: 409 })
    expect(await sql`select 1 from trials where account_id = ${person.id}`).toHaveLength(0)
    expect((await post({ ...asked, key: newKey() })).status).toBe(200)
  })

  test('a conflict, without anything that was written on the way to it', async () => {
    const person = await signedIn(app)
    const conflict = new Hono<AuthedEnv>().post('/conflict', authenticate, noInput, idempotent, async (c) => {
      const { accountId } = c.var.principal
      await c.var.deps.sql.begin((tx) => tx`update user_accounts set first_name = 'Written' where id = ${accountId}`)
      throw new AppError('already-exists')
    })
    const product = fuse(openApp(app.deps).route('/', conflict))
    const ask = (headers: Record<string, string> = {}) =>
      product.request('/conflict', {
        method: 'POST',
        headers: { Authorization: `Bearer ${person.bearer}`, ...headers },
      })
    const names = () => sql`select first_name from user_accounts where id = ${person.id} and first_name = 'Written'`
    await expectProblem(await ask({ 'Idempotency-Key': newKey() }), 'already-exists')
    expect(await names()).toHaveLength(0)
    await expectProblem(await ask(), 'already-exists')
    expect(await names()).toHaveLength(1)
  })

  test('no refusal of input, of rights, of what is not there: the same key then does what is asked', async () => {
    const before = await storedKeys()
    const { id } = await givenAccount(app, { role: 'admin' })
    const lock = { path: `/v1/admin/users/${id}/lock`, key: newKey(), json: { reason: 'asked for' } as unknown }
    await expectProblem(await post({ ...lock, json: {} }), 'validation-failed')
    await expectProblem(await post({ ...lock, bearer: 'nonsense' }), 'invalid-token')
    await expectProblem(await post({ ...lock, bearer: admin.bearer }), 'privilege-escalation')
    await expectProblem(await post({ ...lock, bearer: (await signedIn(app)).bearer }), 'permission-denied')
    await expectProblem(await post({ ...lock, path: `/v1/admin/users/${Bun.randomUUIDv7()}/lock` }), 'not-found')
    const json = { ...newRole(), permissions: ['no.such'] }
    await expectProblem(await post({ key: lock.key, json }), 'validation-failed')
    expect(await storedKeys()).toBe(before)
    // Below the administrator by now, under the very key that was refused.
    await sql`update user_accounts set role = 'user' where id = ${id}`
    const done = await post({ ...lock, bearer: admin.bearer })
    expect([done.status, replayed(done)]).toEqual([204, null])
    expect((await post({ key: lock.key, json: { ...json, permissions: [] } })).status).toBe(201)
  })

  test('no fault of the database: what was written is undone with it, and the repeat does it once', async () => {
    const [key, json] = [newKey(), newRole()]
    await sql`create function fail_once() returns trigger language plpgsql as $$ begin raise exception 'out of luck' using errcode = '53100'; end $$`
    await sql`create trigger fail_once before update on idempotency_keys for each row execute function fail_once()`
    await expectProblem(await post({ key, json }), 'service-unavailable')
    expect(await sql`select 1 from roles where name = ${json.name}`).toHaveLength(0)
    expect(app.deps.catalogue.current.roles.has(json.name)).toBe(false)
    await sql`drop trigger fail_once on idempotency_keys`
    const again = await post({ key, json })
    expect([again.status, replayed(again)]).toEqual([201, null])
  })

  test('is answered only to who may still ask: a demoted administrator gets no replay', async () => {
    const former = await signedIn(app, { role: 'admin' })
    const { id } = await givenAccount(app)
    const asked = { path: `/v1/admin/users/${id}/revoke-sessions`, key: newKey(), bearer: former.bearer }
    expect((await post(asked)).status).toBe(204)
    await request(`/v1/admin/users/${former.id}/role`, { method: 'PUT', bearer: root.bearer, json: { role: 'user' } })
    await expectProblem(await post(asked), 'permission-denied')
  })
})
