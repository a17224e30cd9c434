import { afterAll, describe, expect, test } from 'bun:test'
import { createApp } from '../../src/app.ts'
import { openDeps } from '../../src/services.ts'
import type { givenAccount } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { closedBeforeDrop } from '../support/cluster.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({ AUTHZ_FEED: 'poll' })
const other = await openDeps(app.config, app.deps.log)
const otherApp = createApp(other)
afterAll(closedBeforeDrop(app.databaseUrl, () => other.close(1)))
const admin = await signedIn(app, { role: 'admin' })

const elsewhere = (bearer: string, path = '/v1/me/entitlements') =>
  otherApp.fetch(new Request(`http://localhost${path}`, { headers: { Authorization: `Bearer ${bearer}` } }), {})

/** A key that the other instance remembers. */
async function givenWarmKey(options: Parameters<typeof givenAccount>[1] = {}) {
  const owner = await signedIn(app, options)
  const { id: keyId, key } = await givenApiKey(app, owner.id)
  expect((await elsewhere(key)).status).toBe(200)
  return { ...owner, keyId, key }
}

/** That what was done here is obeyed there by the next request after the next read of the feed. */
async function caughtUp(): Promise<void> {
  await other.feed.poll()
}

const about = (id: string, method: string, path: string, json?: unknown) =>
  app.request(`/v1/admin/users/${id}${path}`, { method, bearer: admin.bearer, json })

describe('another instance, at the first request after it read the feed', () => {
  test('refuses a key that was deleted', async () => {
    const { bearer, keyId, key } = await givenWarmKey()
    await app.request(`/v1/api-keys/${keyId}`, { method: 'DELETE', bearer })
    await caughtUp()
    await expectProblem(await elsewhere(key), 'invalid-token')
  })

  test('refuses a key whose owner was locked, and takes it again once unlocked', async () => {
    const { id, key } = await givenWarmKey()
    await about(id, 'POST', '/lock', { reason: 'asked for' })
    await caughtUp()
    await expectProblem(await elsewhere(key), 'account-disabled')
    await about(id, 'POST', '/unlock')
    await caughtUp()
    expect((await elsewhere(key)).status).toBe(200)
  })

  test('refuses a key that ended with the sessions', async () => {
    const { id, key } = await givenWarmKey()
    await about(id, 'POST', '/revoke-sessions')
    await caughtUp()
    await expectProblem(await elsewhere(key), 'invalid-token')
  })

  test('refuses a key whose owner was erased', async () => {
    const { id, key } = await givenWarmKey()
    await about(id, 'DELETE', '')
    await caughtUp()
    await expectProblem(await elsewhere(key), 'account-disabled')
  })

  test('goes by the owner’s new role, plan and features', async () => {
    const { id, key } = await givenWarmKey()
    const rights = async () => {
      await caughtUp()
      return bodyOf<Record<string, unknown>>(await elsewhere(key))
    }
    await about(id, 'PUT', '/role', { role: 'guest' })
    expect(await rights()).toMatchObject({ role: 'guest', permissions: ['profile.read'] })
    await about(id, 'PUT', '/subscription', { plan: 'starter', reason: 'gift' })
    expect(await rights()).toMatchObject({ plan: 'starter' })
    await about(id, 'PUT', '/features/white_label', { granted: true, reason: 'gift' })
    expect((await rights()).features).toContain('white_label')
  })

  test('asks once after a change, and remembers again, though the change is read a second time', async () => {
    const { id, key } = await givenWarmKey()
    const held = Promise.withResolvers<void>()
    const begun = Promise.withResolvers<void>()
    // While a transaction is open, each read of the feed brings again what was changed since.
    const open = app.sql.begin(async (tx) => {
      await tx`select pg_current_xact_id()`
      begun.resolve()
      await held.promise
    })
    await begun.promise
    await about(id, 'PUT', '/features/white_label', { granted: true, reason: 'gift' })
    const before = other.apiKeys.stats().lookUps
    for (let i = 0; i < 5; i++) {
      await caughtUp()
      expect((await elsewhere(key)).status).toBe(200)
    }
    expect(other.apiKeys.stats().lookUps - before).toBe(1)
    held.resolve()
    await open
  })
})

test('a deletion is published as a change of the account’s state, of a kind that is known', async () => {
  const { id, bearer, keyId } = await givenWarmKey()
  await app.request(`/v1/api-keys/${keyId}`, { method: 'DELETE', bearer })
  expect(await app.sql`select kind, status, session_id from authz_changes where account_id = ${id}`).toEqual<unknown>([
    { kind: 'state', status: 'active', sessionId: null },
  ])
})

test('without a database a key that is remembered works on, and another is 503; public routes answer', async () => {
  const third = await openDeps(app.config, app.deps.log)
  const thirdApp = createApp(third)
  const ask = (bearer: string, path = '/v1/entitlements/api_access') =>
    thirdApp.fetch(new Request(`http://localhost${path}`, { headers: { Authorization: `Bearer ${bearer}` } }), {})
  const { key } = await givenWarmKey()
  const { key: cold } = await givenWarmKey()
  expect((await ask(key)).status).toBe(200)
  await third.db.close(1)
  expect((await ask(key)).status).toBe(200)
  const refused = await ask(cold)
  expect(refused.headers.get('retry-after')).toBe('1')
  await expectProblem(refused, 'database-unavailable')
  expect((await ask(cold, '/v1/plans')).status).toBe(200)
  await third.close(1)
})
