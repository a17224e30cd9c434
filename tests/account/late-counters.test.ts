import { expect, test } from 'bun:test'
import { runJobNow } from '../../src/jobs/runner.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { openTestApp } from '../support/app.ts'
import { findEverywhere } from '../support/whole-life.ts'

const app = await openTestApp({ DB_POOL_MAX: '20' })
const { request, sql, deps } = app
const admin = await signedIn(app, { role: 'admin' })
/** What stays of an erased account: its anonymous row, who did what, and that it ended. */
const kept = ['audit_logs', 'authz_changes', 'user_accounts']

/** Holds an erasure back when it has done everything but commit, while `meanwhile` begins and is waited for by it. */
async function whileErasing(id: string, meanwhile: () => Promise<unknown>[], waiters: number): Promise<void> {
  await sql`
    create or replace function hold_back() returns trigger language plpgsql as
    'begin if new.action = $$account.erase$$ then perform pg_advisory_xact_lock(7360); end if; return new; end'`
  await sql`create or replace trigger hold_back before insert on audit_logs for each row execute function hold_back()`
  const holding = Promise.withResolvers<void>()
  const release = Promise.withResolvers<void>()
  const holder = sql.begin(async (tx) => {
    await tx`select pg_advisory_xact_lock(7360)`
    holding.resolve()
    await release.promise
  })
  await holding.promise
  const erasing = request(`/v1/admin/users/${id}`, { method: 'DELETE', bearer: admin.bearer })
  await waiting(1)
  const others = meanwhile()
  await waiting(1 + waiters)
  release.resolve()
  await holder
  expect((await erasing).status).toBe(204)
  await Promise.allSettled(others)
  await sql`drop trigger hold_back on audit_logs`
}

/** Until so many statements of this database wait for a lock. */
async function waiting(count: number): Promise<void> {
  for (;;) {
    const [row] = await sql<{ waiting: number }[]>`
      select count(*)::int as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
    if ((row?.waiting ?? 0) >= count) return
  }
}

test('what is counted while somebody is erased does not outlive them, in any table', async () => {
  const person = await signedIn(app, { plan: 'professional' })
  const { id: keyId, key } = await givenApiKey(app, person.id)
  await request('/v1/me', { bearer: person.bearer })
  await whileErasing(
    person.id,
    () => {
      deps.usage.count(person.id, '/v1/me')
      deps.apiKeys.recordUse(keyId)
      return [
        deps.usage.flush(),
        deps.apiKeys.flush(),
        // A unit of the quota, a wrong password and a repeated request, all let in before.
        request('/v1/me', { bearer: key }),
        request('/v1/api-keys', { bearer: person.bearer, json: { name: 'x', password: 'not this one' } }),
        request('/v1/subscription', {
          bearer: person.bearer,
          json: { plan: 'business', interval: 'month' },
          headers: { 'Idempotency-Key': 'late' },
        }),
      ]
    },
    4,
  )
  await deps.usage.flush()
  await deps.leases.flush()
  expect(await findEverywhere(app, person.id)).toEqual(kept)
  await runJobNow(deps, 'purge-expired')
  expect(await findEverywhere(app, person.id)).toEqual(kept)
})

test('nor does the use of a quota without a limit, or an export', async () => {
  const person = await signedIn(app, { plan: 'enterprise' })
  const { key } = await givenApiKey(app, person.id)
  await request('/v1/me', { bearer: key })
  await Promise.all([deps.usage.flush(), deps.apiKeys.flush()])
  let exported: Promise<Response> | undefined
  await whileErasing(
    person.id,
    () => {
      exported = request('/v1/me/export', { bearer: person.bearer })
      return [deps.leases.flush(), exported]
    },
    2,
  )
  expect(exported && (await exported).status).toBe(401)
  expect(await findEverywhere(app, person.id)).toEqual(kept)
})

test('what was left by an instance of before is swept by the daily job, and old use is forgotten after 400 days', async () => {
  const [gone, there] = [await signedIn(app), await signedIn(app)]
  expect((await request(`/v1/admin/users/${gone.id}`, { method: 'DELETE', bearer: admin.bearer })).status).toBe(204)
  const left = async (id: string) =>
    sql`select (current_date - day)::int as age from usage_daily where account_id = ${id} order by 1`
  for (const id of [gone.id, there.id])
    for (const age of [0, 399, 402])
      await sql`insert into usage_daily (account_id, day, route, requests) values (${id}, current_date - ${age}::int, '/v1/me', 1)`
  await runJobNow(deps, 'purge-expired')
  expect(await left(gone.id)).toHaveLength(0)
  expect(await left(there.id)).toEqual<unknown>([{ age: 0 }, { age: 399 }])
})
