import { afterAll, expect, test } from 'bun:test'
import { createApp } from '../../src/app.ts'
import { openDeps } from '../../src/services.ts'
import { givenAccount, logIn, registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { closedBeforeDrop } from '../support/cluster.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const other = await openDeps(app.config, app.deps.log)
const otherApp = createApp(other)
afterAll(closedBeforeDrop(app.databaseUrl, () => other.close(1)))

const elsewhere = (path: string, bearer: string) =>
  otherApp.fetch(new Request(`http://localhost${path}`, { headers: { Authorization: `Bearer ${bearer}` } }), {})

/** What the other instance knows after its next read of the feed. */
const caughtUp = () => other.feed.poll()

test('a log-out on one instance is obeyed by the other', async () => {
  const person = await registered(app)
  expect((await elsewhere('/v1/me', person.accessToken)).status).toBe(200)
  await app.request('/v1/auth/logout', { method: 'POST', bearer: person.accessToken })
  await caughtUp()
  await expectProblem(await elsewhere('/v1/me', person.accessToken), 'session-revoked')
})

test('a plan granted on one instance opens its features on the other, and asks for a new token', async () => {
  const admin = await logIn(app, await givenAccount(app, { role: 'admin' }))
  const person = await registered(app)
  await app.request(`/v1/admin/users/${person.id}/subscription`, {
    method: 'PUT',
    bearer: admin.accessToken,
    json: { plan: 'professional', reason: 'gift' },
  })
  await caughtUp()
  const answer = await elsewhere('/v1/dashboard/insights', person.accessToken)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('Authz-Refresh')).toBe('1')
})

test('a role edited on one instance reaches every token on the other, with no re-issue', async () => {
  const root = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
  const guest = await logIn(app, await givenAccount(app, { role: 'guest' }))
  await expectProblem(await elsewhere('/v1/dashboard', guest.accessToken), 'permission-denied')
  const edit = await app.request('/v1/admin/roles/guest/permissions', {
    method: 'PUT',
    bearer: root.accessToken,
    json: { permissions: ['profile.read', 'dashboard.read'] },
  })
  expect(edit.status).toBe(200)
  await caughtUp()
  expect((await elsewhere('/v1/dashboard', guest.accessToken)).status).toBe(200)
})

test('a change whose transaction outlasts other reads is not missed', async () => {
  const person = await registered(app)
  const held = Promise.withResolvers<void>()
  const written = Promise.withResolvers<void>()
  const change = app.sql.begin(async (tx) => {
    await tx`select 1 from record_authz_change(${person.id}, 'sessions-ended')`
    written.resolve()
    await held.promise
  })
  await written.promise
  for (let i = 0; i < 3; i++) {
    await registered(app)
    await caughtUp()
  }
  expect((await elsewhere('/v1/me', person.accessToken)).status).toBe(200)
  held.resolve()
  await change
  await caughtUp()
  await expectProblem(await elsewhere('/v1/me', person.accessToken), 'session-revoked')
})

test('without a read for 10 s administration answers 503, and other routes go on', async () => {
  const root = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
  const deps = { ...app.deps, feed: { ...app.deps.feed, isStale: () => true } }
  const stale = createApp(deps)
  const ask = (path: string) =>
    stale.fetch(
      new Request(`http://localhost${path}`, { headers: { Authorization: `Bearer ${root.accessToken}` } }),
      {},
    )
  const refused = await ask('/v1/admin/users')
  await expectProblem(refused, 'authorisation-stale')
  expect(refused.headers.get('Retry-After')).toBe('1')
  expect((await ask('/v1/me')).status).toBe(200)
  expect((await ask('/ready')).status).toBe(503)
})
