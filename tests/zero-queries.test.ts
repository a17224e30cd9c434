import { expect, test } from 'bun:test'
import postgres from 'postgres'
import { givenAccount, logIn } from './support/accounts.ts'
import { openTestApp, type TestApp } from './support/app.ts'
import { ofLongAgo, ofTwoFactors } from './support/tokens.ts'

/** What PostgreSQL itself says of the app's database, asked from another database so that asking does not count. */
async function observe<T>(
  { databaseUrl }: TestApp,
  work: (read: () => Promise<unknown>, transactions: () => Promise<number>) => Promise<T>,
): Promise<T> {
  const url = new URL(databaseUrl)
  const name = url.pathname.slice(1)
  url.pathname = '/postgres'
  const outside = postgres(url.href, { max: 1 })
  /** Every backend with its last statement: not one may start, or be asked anything. */
  const read = () => outside`
    select pid, query_start::text, state_change::text, query from pg_stat_activity where datname = ${name} order by pid`
  const transactions = async () => {
    const [row] = await outside<{ total: number }[]>`
      select (xact_commit + xact_rollback)::int as total from pg_stat_database where datname = ${name}`
    return row?.total ?? Number.NaN
  }
  try {
    return await work(read, transactions)
  } finally {
    await outside.end()
  }
}

/** One connection: the statement that flushes a backend's statistics then flushes all there are. */
const app = await openTestApp({
  DB_POOL_MAX: '1',
  RATE_LIMIT_API: 'plan',
  RATE_LIMIT_GLOBAL: '600/1m',
  RATE_LIMIT_AUTH: '100/15m',
  RATE_LIMIT_REGISTER: '100/1h',
  RATE_LIMIT_PASSWORD: '10/1h',
  REQUIRE_ADMIN_MFA: 'true',
})
const { request, deps, sql } = app
// What this instance asks on its own account, every 2 s, and writes of counts, every 5 s, is not what a request costs.
await deps.feed.stop()
await Promise.all([deps.usage.close(), deps.denials.close()])
const person = await logIn(app, await givenAccount(app, { plan: 'enterprise', role: 'subscriber' }))
const granted = () => request('/v1/entitlements/premium_dashboard', { bearer: person.accessToken })
const lacking = await logIn(app, await givenAccount(app))
const root = await logIn(app, await givenAccount(app, { role: 'superadmin' }))
const rootOfLongAgo = await ofLongAgo(await ofTwoFactors(root.accessToken))

test('200 authorised, feature-gated requests through the whole chain are not one statement for PostgreSQL', async () => {
  await observe(app, async (read) => {
    const before = await read()
    const counted = deps.db.stats().queries
    for (let i = 0; i < 200; i++) expect((await granted()).status).toBe(200)
    expect(await read()).toEqual<unknown>(before)
    expect(deps.db.stats().queries).toBe(counted)
    // The measure measures: a route that does read is seen.
    expect((await request('/v1/me', { bearer: person.accessToken })).status).toBe(200)
    expect(await read()).not.toEqual<unknown>(before)
    expect(deps.db.stats().queries).toBe(counted + 1)
  })
})

test('nor one transaction, by the statistics of the database', async () => {
  const [{ known } = { known: false }] = await sql<{ known: boolean }[]>`
    select exists (select from pg_proc where proname = 'pg_stat_force_next_flush') as known`
  // PostgreSQL 14 flushes when it likes.
  if (!known) return
  // It reads a table, for without anything to tell of one there is no flush.
  const flush = () => sql`select pg_stat_force_next_flush() from catalogue_version`
  await observe(app, async (_, transactions) => {
    await flush()
    const before = await transactions()
    for (let i = 0; i < 200; i++) await granted()
    await flush()
    expect((await transactions()) - before).toBe(1)
  })
})

test('denials, refused tokens and limits cost nothing either', async () => {
  await observe(app, async (read) => {
    const before = await read()
    const answers = [
      await request('/v1/entitlements/premium_dashboard', { bearer: lacking.accessToken }),
      await request('/v1/dashboard/insights', { bearer: lacking.accessToken }),
      await request('/v1/admin/users', { bearer: lacking.accessToken }),
      await request('/v1/entitlements/premium_dashboard', { bearer: `${person.accessToken}x` }),
      await request('/v1/entitlements/premium_dashboard'),
      await request('/v1/entitlements/no_such_feature', { bearer: person.accessToken }),
      await request('/v1/entitlements/api_access', { bearer: person.accessToken }),
      await request('/v1/catalogue'),
      await request('/v1/no-such-route', { bearer: person.accessToken }),
      await request('/v1/auth/refresh', { json: { refreshToken: `${person.refreshToken}x` } }),
      await request('/v1/admin/users', { bearer: root.accessToken }),
      await request('/v1/admin/roles/guest', { method: 'PATCH', bearer: rootOfLongAgo, json: {} }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 401, 401, 404, 200, 200, 404, 401, 401, 401])
    for (let i = 0; i < 60; i++) await request('/v1/entitlements/api_access', { bearer: lacking.accessToken })
    expect((await request('/v1/me', { bearer: lacking.accessToken })).status).toBe(429)
    expect(await read()).toEqual<unknown>(before)
  })
})
