import { afterAll, describe, expect, test } from 'bun:test'
import { runJobNow } from '../../src/jobs/runner.ts'
import { givenAccount, logIn, newEmail } from '../support/accounts.ts'
import { bodyOf, openTestApp, type TestApp } from '../support/app.ts'
import { openReplicatedPostgres } from '../support/replica.ts'
import { until } from '../support/server-process.ts'

const servers = await openReplicatedPostgres()
const urls = { DATABASE_URL: servers.primaryUrl, DATABASE_REPLICA_URL: servers.replicaUrl }
const [one, another] = [await openTestApp(urls), await openTestApp(urls)]
// After the instances, which close in the order in which they were opened.
afterAll(servers.stop)
const isUsed = (app: TestApp) => () => app.deps.replica?.status() === 'used'
await until(isUsed(one), 10, 'the replica is fit')
await until(isUsed(another), 10, 'the replica is fit')

/** An administrator who has changed nothing lately. */
async function administrator() {
  const account = await givenAccount(one, { role: 'superadmin' })
  const { accessToken } = await logIn(one, account)
  for (const { clock } of [one, another]) clock.advance(11)
  return { ...account, bearer: accessToken }
}

/** Where each of these paths is read from, by the statement that only it sends. */
const reads: Record<string, string> = {
  '/v1/admin/users': 'as sort_key',
  '/v1/admin/users?q=ada': 'as sort_key',
  '/v1/admin/subscriptions': 'from user_subscriptions s',
  '/v1/admin/audit-logs': 'from audit_logs l left join',
  '/v1/admin/audit-logs?format=ndjson': 'from audit_logs l left join',
  '/v1/admin/analytics/overview': "where name = 'refresh-views'",
  '/v1/admin/analytics/signups': "where name = 'refresh-views'",
  '/v1/admin/analytics/revenue': "where name = 'refresh-views'",
  '/v1/admin/analytics/payments': 'from payment_figures',
  '/v1/admin/analytics/plans': "where name = 'refresh-views'",
  '/v1/admin/analytics/security': "where name = 'refresh-views'",
}

async function sourceOf(app: TestApp, path: string, bearer: string): Promise<string> {
  const statement = reads[path] ?? ''
  const before = servers.statements(statement)
  const answer = await app.request(path, { bearer })
  expect([path, answer.status]).toEqual([path, 200])
  await answer.text()
  const after = servers.statements(statement)
  const [primary, replica] = [after.primary - before.primary, after.replica - before.replica]
  return primary > 0 ? (replica > 0 ? 'both' : 'primary') : replica > 0 ? 'replica' : 'neither'
}

/** Where it is read from while the replica is used. On a busy machine that may be late with an answer, and be left alone. */
async function sourceWhileUsed(app: TestApp, path: string, bearer: string): Promise<string> {
  for (;;) {
    await until(isUsed(app), 30, 'the replica is fit')
    const source = await sourceOf(app, path, bearer)
    if (source === 'replica' || isUsed(app)()) return source
  }
}

describe('with DATABASE_REPLICA_URL', () => {
  for (const path of Object.keys(reads))
    test(`${path} is read from the replica, and from there alone`, async () => {
      expect(await sourceWhileUsed(one, path, (await administrator()).bearer)).toBe('replica')
    })

  test('whoever changed something reads from the primary for 5 s, on every instance; others do not', async () => {
    const [changer, other] = [await administrator(), await administrator()]
    for (const { clock } of [one, another]) clock.stop()
    const target = await givenAccount(one)
    const path = '/v1/admin/users'
    const json = { firstName: 'Changed' }
    const changed = await one.request(`${path}/${target.id}`, { method: 'PATCH', bearer: changer.bearer, json })
    expect(changed.status).toBe(200)
    for (const app of [one, another]) {
      expect(await sourceOf(app, path, changer.bearer)).toBe('primary')
      expect(await sourceOf(app, '/v1/admin/analytics/plans', changer.bearer)).toBe('primary')
      expect(await sourceWhileUsed(app, path, other.bearer)).toBe('replica')
    }
    for (const { clock } of [one, another]) clock.advance(5)
    expect(await sourceOf(another, path, changer.bearer)).toBe('primary')
    for (const { clock } of [one, another]) clock.advance(6)
    for (const app of [one, another]) expect(await sourceWhileUsed(app, path, changer.bearer)).toBe('replica')
  })

  test('nothing but that is ever read from it: no catalogue, no feed, no claims, nobody else', async () => {
    const person = await givenAccount(one, { plan: 'business' })
    const { accessToken: bearer, refreshToken } = await logIn(one, person)
    await one.request('/v1/auth/refresh', { json: { refreshToken } })
    for (const path of ['/v1/me', '/v1/me/entitlements', '/v1/me/export', '/v1/me/audit-logs', '/v1/dashboard'])
      expect((await one.request(path, { bearer })).status).toBe(200)
    await one.request('/v1/catalogue')
    await one.deps.feed.poll()
    for (const { name } of one.deps.jobs) await runJobNow(one.deps, name)
    for (const table of [
      'authz_changes',
      'plan_features',
      'role_permissions',
      'sessions',
      'tokens',
      'lockouts',
      'usage',
    ])
      expect([table, servers.statements(`from ${table}`).replica]).toEqual([table, 0])
  })

  test('that somebody searched there is audited on the primary', async () => {
    const { id, bearer } = await administrator()
    expect(await sourceWhileUsed(one, '/v1/admin/users?q=ada', bearer)).toBe('replica')
    const rows = await one.sql`select 1 from audit_logs where actor_id = ${id} and action = 'account.search'`
    expect(rows).toHaveLength(1)
  })
})

describe('a replica that is not usable', () => {
  const path = '/v1/admin/users'
  const statusIs = (status: string) => () => one.deps.replica?.status() === status

  test('too far behind, it serves nobody until it has caught up', async () => {
    const { bearer } = await administrator()
    await servers.pause()
    const { email } = await givenAccount(one, { email: newEmail() })
    await until(statusIs('behind'), 15, 'it is too old')
    expect(await sourceOf(one, path, bearer)).toBe('primary')
    const found = await bodyOf<{ items: unknown[] }>(await one.request(`${path}?q=${email}`, { bearer }))
    expect(found.items).toHaveLength(1)
    expect(await bodyOf(await one.request('/health'))).toMatchObject({ status: 'ok', replica: { status: 'behind' } })
    await servers.resume()
    await until(isUsed(one), 15, 'it has caught up')
    expect(await sourceWhileUsed(one, path, bearer)).toBe('replica')
  })

  test('cut off from its primary, it looks whole to itself, and serves nobody all the same', async () => {
    const { bearer } = await administrator()
    await servers.disconnect()
    await until(
      async () => (await servers.onReplica`select 1 from pg_stat_wal_receiver`).length === 0,
      10,
      'it is cut off',
    )
    await givenAccount(one)
    await until(statusIs('behind'), 15, 'it is too old')
    expect(await sourceOf(one, path, bearer)).toBe('primary')
    await servers.connect()
    await until(isUsed(one), 15, 'it has caught up')
  })

  test('with nothing to replay it stays fit', async () => {
    // Longer than it may be old.
    await Bun.sleep(6_000)
    await until(isUsed(one), 3, 'it is fit')
  })

  test('frozen in the middle of a read: the read is done on the primary', async () => {
    const { bearer } = await administrator()
    await until(isUsed(one), 30, 'the replica is fit')
    const thaw = servers.freeze()
    const before = one.deps.replica?.fallbacks() ?? 0
    const answers = await Promise.all(Array.from({ length: 5 }, () => one.request(path, { bearer })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200])
    expect(one.deps.replica?.fallbacks()).toBeGreaterThan(before)
    expect(one.deps.replica?.status()).toBe('lost')
    expect((await one.request('/ready')).status).toBe(200)
    thaw()
    await until(isUsed(one), 15, 'it answers again')
    expect(await sourceWhileUsed(one, path, bearer)).toBe('replica')
  })

  test('killed: nobody notices, and it is used again once it is back', async () => {
    const { bearer } = await administrator()
    const statuses = new Set<number>()
    const before = await servers.startedAt()
    servers.kill()
    const isBack = async () => {
      statuses.add((await one.request(path, { bearer })).status)
      return isUsed(one)() && (await servers.startedAt().catch(() => before)) > before
    }
    await until(isBack, 20, 'it is back')
    expect([...statuses]).toEqual([200])
    expect(await sourceWhileUsed(one, path, bearer)).toBe('replica')
  })

  test.each([
    ['out of reach at the start', 'postgres://nobody@127.0.0.1:1/nothing'],
    ['that is a primary', servers.primaryUrl],
  ])('%s: everything is read from the primary', async (_, url) => {
    const app = await openTestApp({ DATABASE_URL: servers.primaryUrl, DATABASE_REPLICA_URL: url })
    const { accessToken: bearer } = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
    await until(() => app.lines.some((line) => line.includes('the replica is not usable')), 10, 'it was looked at')
    expect(app.deps.replica?.status()).toBe('lost')
    expect((await app.request(path, { bearer })).status).toBe(200)
    expect(await bodyOf(await app.request('/health'))).toMatchObject({ status: 'ok', replica: { status: 'lost' } })
  })
})
