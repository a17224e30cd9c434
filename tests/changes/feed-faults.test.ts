import { afterAll, afterEach, describe, expect, setSystemTime, test } from 'bun:test'
import postgres from 'postgres'
import { openProxy } from '../../scripts/cluster/tcp-proxy.ts'
import { createApp } from '../../src/app.ts'
import { createFeedConnection } from '../../src/changes/connection.ts'
import { createFeed } from '../../src/changes/feed.ts'
import { listAuthzChanges } from '../../src/changes/queries.ts'
import { RecentChanges } from '../../src/changes/recent-changes.ts'
import { type OpenDeps, openDeps } from '../../src/services.ts'
import { givenAccount, logIn, registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { closedBeforeDrop } from '../support/cluster.ts'
import { expectProblem } from '../support/problems.ts'
import { until } from '../support/server-process.ts'

const app = await openTestApp()
const lifeSeconds = 1_200
afterEach(() => void setSystemTime())

async function openInstance(environment: Partial<typeof app.config> = {}) {
  // The product's own deadline: what is closed over a dead connection waits for it.
  const deps = await openDeps({ ...app.config, statementTimeoutMs: 5_000, ...environment }, app.deps.log)
  afterAll(closedBeforeDrop(app.databaseUrl, () => deps.close(1)))
  return { deps, ask: asking(deps) }
}

function asking(deps: OpenDeps) {
  const instance = createApp(deps)
  return (path: string, bearer: string) =>
    instance.fetch(new Request(`http://localhost${path}`, { headers: { Authorization: `Bearer ${bearer}` } }), {})
}

const entitlement = '/v1/entitlements/premium_dashboard'
/** Not granted, but known: the session is good. */
const known = 403
const logOut = (bearer: string) => app.request('/v1/auth/logout', { method: 'POST', bearer })

describe('a read of the feed', () => {
  test('brings what was committed since the last one and nothing again, however long a transaction is held open', async () => {
    const [one, two] = [await registered(app), await registered(app)]
    const held = Promise.withResolvers<void>()
    const written = Promise.withResolvers<void>()
    const change = app.sql.begin(async (tx) => {
      await tx`select 1 from record_authz_change(${one.id})`
      written.resolve()
      await held.promise
    })
    await written.promise
    let { position } = await listAuthzChanges(app.sql, null, lifeSeconds)
    for (let i = 0; i < 3; i++) {
      await app.sql`select 1 from record_authz_change(${two.id})`
      const read = await listAuthzChanges(app.sql, position, lifeSeconds)
      expect(read.changes.map(({ accountId }) => accountId)).toEqual([two.id])
      position = read.position
    }
    held.resolve()
    await change
    const { changes } = await listAuthzChanges(app.sql, position, lifeSeconds)
    expect(changes.map(({ accountId }) => accountId)).toEqual([one.id])
  })

  test('brings a change whose transaction number was given out before, as after a crash', async () => {
    const person = await registered(app)
    const { position } = await listAuthzChanges(app.sql, null, lifeSeconds)
    const [xmin = 0] = position.snapshot.split(':').map(Number)
    await app.sql`select 1 from record_authz_change(${person.id})`
    const ahead = { ...position, snapshot: `${xmin + 1_000}:${xmin + 1_000}:` }
    const { changes } = await listAuthzChanges(app.sql, ahead, lifeSeconds)
    expect(changes.map(({ accountId }) => accountId)).toEqual([person.id])
  })

  test('never goes further back than tokens live, wherever its position stands', async () => {
    const person = await registered(app)
    await app.sql`select 1 from record_authz_change(${person.id})`
    await app.sql`update authz_changes set at = at - interval '21 minutes' where account_id = ${person.id}`
    const position = { snapshot: '1:1:', server: '', at: 0 }
    const { changes } = await listAuthzChanges(app.sql, position, lifeSeconds)
    expect(changes.filter(({ accountId }) => accountId === person.id)).toEqual([])
  })
})

test('the database refuses to commit a change more than 2 minutes after it was written', async () => {
  const write = (age: string) =>
    app.sql`insert into authz_changes (kind, catalogue_version, at) values ('catalogue', 1, clock_timestamp() - ${age}::interval)`
  await write('1 minute 50 seconds')
  expect(await write('2 minutes 1 second').catch((error: unknown) => error)).toMatchObject({
    code: 'deadline-exceeded',
  })
})

test('changes are read while every connection of the pool is busy', async () => {
  const { deps, ask } = await openInstance({ poolMax: 1 })
  const person = await registered(app)
  expect((await ask(entitlement, person.accessToken)).status).toBe(known)
  const busy = deps.sql`select pg_sleep(60)`.catch(() => {})
  await logOut(person.accessToken)
  await app.sql`select record_catalogue_change()`
  await deps.feed.poll()
  await expectProblem(await ask(entitlement, person.accessToken), 'session-revoked')
  const [row] = await app.sql<{ version: number }[]>`select version::int from catalogue_version`
  expect(deps.catalogue.current.version).toBe(row?.version ?? 0)
  await app.sql`select pg_cancel_backend(pid) from pg_stat_activity where query = 'select pg_sleep(60)' and datname = current_database()`
  await busy
})

test('a step of the host clock neither forgets what has ended nor ends what lives, and counts as unknown until the next read', async () => {
  const { deps, ask } = await openInstance()
  const [gone, there] = [await registered(app), await registered(app)]
  await logOut(gone.accessToken)
  await deps.feed.poll()
  const before = deps.now()
  setSystemTime(Date.now() + 3_600_000)
  expect(deps.now() - before).toBeLessThan(60_000)
  deps.recentChanges.sweep(performance.now())
  await expectProblem(await ask(entitlement, gone.accessToken), 'session-revoked')
  expect((await ask(entitlement, there.accessToken)).status).toBe(known)
  expect(deps.feed.isStale()).toBe(true)
  await deps.feed.poll()
  expect(deps.feed.isStale()).toBe(false)
})

test('every read sets the clock by the database', async () => {
  const times: number[] = []
  const connection = createFeedConnection(() => app.deps.db)
  const nothing = async () => {}
  const feed = createFeed({
    connection,
    recentChanges: new RecentChanges(900),
    log: app.deps.log,
    lifeSeconds: 900,
    onCatalogue: nothing,
    onOtherServer: nothing,
    onTime: (databaseMs, askedAt, answeredAt) => times.push(databaseMs, answeredAt - askedAt),
  })
  await feed.poll()
  await feed.poll()
  await feed.stop()
  expect(times).toHaveLength(4)
  expect(Math.abs((times[2] ?? 0) - Date.now())).toBeLessThan(60_000)
  expect(times[3]).toBeGreaterThan(0)
})

test('a token of a newer catalogue has it loaded at once', async () => {
  const { deps, ask } = await openInstance({ authzFeed: 'poll' })
  const root = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
  // Until it was not just polled.
  do {
    const edit = await app.request('/v1/admin/features', {
      bearer: root.accessToken,
      json: { name: `f${Bun.randomUUIDv7().replaceAll('-', '')}`, displayName: 'New', category: 'tests' },
    })
    expect(edit.status).toBe(201)
  } while (deps.catalogue.current.version === app.deps.catalogue.current.version)
  const { version } = app.deps.catalogue.current
  await until(() => deps.feed.ageMs() > 100, 5, 'something to pollSoon for')
  const fresh = await registered(app)
  await ask(entitlement, fresh.accessToken)
  await until(() => deps.catalogue.current.version === version, 1, 'the newer catalogue')
})

describe('a connection that died without a word', () => {
  test('costs a poll less than a second, and the listener is replaced', async () => {
    const proxy = await openProxy(app.databaseUrl)
    afterAll(() => proxy.close())
    const observer = postgres(app.databaseUrl, { max: 1 })
    afterAll(() => observer.end())
    const listeners = async () => {
      const [row] = await observer<{ now: number }[]>`
        select count(*)::int as now from pg_stat_activity where query like 'listen %' and application_name = 'victim'`
      return row?.now ?? 0
    }
    const { deps, ask } = await openInstance({ databaseUrl: `${proxy.url}?application_name=victim` })
    await until(async () => (await listeners()) === 1, 10, 'a listener')
    const [one, two] = [await registered(app), await registered(app)]
    proxy.forget()
    await logOut(one.accessToken)
    await deps.feed.poll()
    await expectProblem(await ask(entitlement, one.accessToken), 'session-revoked')
    await until(async () => (await listeners()) === 2, 10, 'a listener that hears')
    await logOut(two.accessToken)
    await until(async () => (await ask(entitlement, two.accessToken)).status === 401, 1, 'a notification')
  })
})
