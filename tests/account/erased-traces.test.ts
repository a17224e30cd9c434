import { describe, expect, test } from 'bun:test'
import { anonymiseAccount } from '../../src/account/erasure-queries.ts'
import { restoreTraces, storeTraces } from '../../src/auth/traces.ts'
import { runJobNow } from '../../src/jobs/runner.ts'
import { type Given, givenAccount, goodPassword, newEmail, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { givenApiKey } from '../support/api-keys.ts'
import { bodyOf, openTestApp, type SessionJson, testSecrets } from '../support/app.ts'
import { sendMailsTo } from '../support/mails.ts'
import { expectProblem } from '../support/problems.ts'
import { findEverywhere } from '../support/whole-life.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const admin = await signedIn(app, { role: 'admin' })

type Person = SessionJson & Given

const subscribe = ({ accessToken: bearer }: Person, plan: string) =>
  request('/v1/subscription', { bearer, json: { plan, interval: 'month' } })
const again = ({ email }: Person) => registered(app, { email })
const usageOf = async ({ accessToken: bearer }: Person) =>
  (await bodyOf<{ usage: { apiRequests: unknown } }>(await request('/v1/me/entitlements', { bearer }))).usage
    .apiRequests

const ways: Record<string, (person: Person) => Promise<Response>> = {
  'by the person': ({ accessToken: bearer }) =>
    request('/v1/me', { method: 'DELETE', bearer, json: { password: goodPassword } }),
  'by an administrator': ({ id }) => request(`/v1/admin/users/${id}`, { method: 'DELETE', bearer: admin.bearer }),
}
const erase = async (person: Person, way = 'by the person') => expect((await ways[way]?.(person))?.status).toBe(204)

for (const way of Object.keys(ways))
  describe(`whoever was erased ${way} and registers again`, () => {
    test('has had the trials that they had, however often, and no other', async () => {
      let person = await registered(app)
      expect((await subscribe(person, 'starter')).status).toBe(200)
      for (let round = 0; round < 3; round++) {
        await erase(person, way)
        person = await again(person)
        await expectProblem(await subscribe(person, 'starter'), 'checkout-unavailable')
        const preview = { bearer: person.accessToken, json: { plan: 'starter' } }
        expect(await bodyOf(await request('/v1/subscription/preview', preview))).toMatchObject({
          cost: { amountMinor: 999, trialDays: 0 },
        })
      }
      expect((await subscribe(person, 'professional')).status).toBe(200)
      const { trials } = await bodyOf<{ trials: unknown }>(
        await request('/v1/me/export', { bearer: person.accessToken }),
      )
      expect(trials).toEqual(
        expect.arrayContaining([
          { plan: 'starter', startedAt: null },
          { plan: 'professional', startedAt: expect.any(String) },
        ]),
      )
    })

    test('has used of the month’s quota what was used, and what instances may have spent besides', async () => {
      let person = await registered(app)
      const { key } = await givenApiKey(app, person.id)
      for (let i = 0; i < 5; i++) expect((await request('/v1/dashboard', { bearer: key })).status).toBe(200)
      await deps.leases.flush()
      const [lease] = await sql<
        { drawn: number }[]
      >`select drawn::int from quota_leases where account_id = ${person.id}`
      const used = lease?.drawn ?? 0
      expect(used).toBeGreaterThanOrEqual(5)
      for (let round = 0; round < 2; round++) {
        await erase(person, way)
        person = await again(person)
        expect(await usageOf(person)).toMatchObject({ used, limit: 100 })
      }
      await sql`update quota_usage set used = 100 where account_id = ${person.id}`
      await erase(person, way)
      person = await again(person)
      const another = await givenApiKey(app, person.id)
      await expectProblem(await request('/v1/dashboard', { bearer: another.key }), 'quota-exceeded')
    })
  })

test('somebody else’s address has nothing of it', async () => {
  const person = await registered(app)
  await subscribe(person, 'starter')
  await erase(person)
  expect((await subscribe(await registered(app), 'starter')).status).toBe(200)
})

test('what is left names nobody and no day, and tells nothing without the key', async () => {
  const email = newEmail()
  const person = await registered(app, { email })
  await subscribe(person, 'starter')
  await sql`insert into quota_usage (account_id, month, used) values (${person.id}, date_trunc('month', now() at time zone 'UTC'), 7)`
  await erase(person)
  await sendMailsTo(app, email)
  expect(await findEverywhere(app, email)).toEqual([])
  const [hash] = deps.traceKeys(email)
  const [left] = await sql<{ keptUntil: string; columns: string }[]>`
    select kept_until::text, (select string_agg(key, ' ') from jsonb_object_keys(to_jsonb(t)) key) as columns from erased_trials t where address_hash = ${hash}`
  const month = new Date()
  const kept = new Date(Date.UTC(month.getUTCFullYear() + 3, month.getUTCMonth() + 1, 1))
  expect(left?.keptUntil).toBe(kept.toISOString().slice(0, 10))
  expect(left?.columns.split(' ').sort()).toEqual(['address_hash', 'kept_until', 'plan'])
  expect(hash).not.toEqual(new Bun.CryptoHasher('sha256').update(email).digest() as Buffer)
})

test('the daily job forgets trials after three years and quotas once their month is over', async () => {
  const hash = deps.traceKeys(newEmail())[0]
  const months = (difference: number) => sql`
    (date_trunc('month', clock_timestamp() at time zone 'UTC') + make_interval(months => ${difference}))::date`
  await sql`insert into erased_trials values (${hash}, 'starter', ${months(0)}), (${hash}, 'business', ${months(1)})`
  await sql`insert into erased_quotas values (${hash}, ${months(-1)}, 'api_access', 5), (${hash}, ${months(0)}, 'api_access', 6)`
  // Over, but not swept yet: nobody is held to it.
  const { id } = await givenAccount(app)
  await restoreTraces(sql, id, [hash])
  expect(await sql`select plan from trials where account_id = ${id}`).toEqual([{ plan: 'business' }] as never)
  expect(await sql`select used::int from quota_usage where account_id = ${id}`).toEqual([{ used: 6 }] as never)
  await runJobNow(deps, 'purge-expired')
  expect(await sql`select plan from erased_trials where address_hash = ${hash}`).toEqual([
    { plan: 'business' },
  ] as never)
  expect(await sql`select used::int from erased_quotas where address_hash = ${hash}`).toEqual([{ used: 6 }] as never)
})

test('an address that is given up for another, as a change of e-mail will, is no way around it', async () => {
  const [before, after] = [newEmail(), newEmail()]
  const other = await registered(app, { email: after })
  await subscribe(other, 'business')
  await erase(other)
  const person = await registered(app, { email: before })
  await subscribe(person, 'starter')
  await sql.begin(async (tx) => {
    await storeTraces(tx, person.id, deps.traceKeys(before)[0])
    await tx`update user_accounts set email = ${after} where id = ${person.id}`
    await restoreTraces(tx, person.id, deps.traceKeys(after))
  })
  await expectProblem(await subscribe(person, 'business'), 'checkout-unavailable')
  await erase({ ...person, email: after })
  for (const email of [before, after])
    await expectProblem(await subscribe(await registered(app, { email }), 'starter'), 'checkout-unavailable')
})

test('a registration that waits for the erasure of its address finds what that left', async () => {
  const person = await registered(app)
  expect((await subscribe(person, 'starter')).status).toBe(200)
  const isAnybodyWaiting = async () =>
    (await sql`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`).length >
    0
  let waiting: Promise<Person> | undefined
  await sql.begin(async (tx) => {
    await anonymiseAccount(tx, person.id)
    await storeTraces(tx, person.id, deps.traceKeys(person.email)[0])
    waiting = again(person)
    while (!(await isAnybodyWaiting())) await Bun.sleep(5)
  })
  const fresh = await waiting
  if (!fresh) throw new Error('it was begun')
  await expectProblem(await subscribe(fresh, 'starter'), 'checkout-unavailable')
})

test('erasures while quotas are taken wait for nobody in a circle', async () => {
  for (let round = 0; round < 10; round++) {
    const person = await registered(app)
    const { key } = await givenApiKey(app, person.id)
    const used = Promise.all(
      Array.from({ length: 5 }, async () => (await request('/v1/dashboard', { bearer: key })).status),
    )
    await erase(person)
    for (const status of await used) expect([200, 401, 403]).toContain(status)
  }
})

test('an audit key that was replaced still finds what was left under it', async () => {
  const person = await registered(app)
  await subscribe(person, 'starter')
  await erase(person)
  const rotated = await openTestApp({
    DATABASE_URL: app.databaseUrl,
    AUDIT_KEY: testSecrets.JWT_SECRET.split('').reverse().join(''),
    AUDIT_KEY_PREVIOUS: testSecrets.AUDIT_KEY,
  })
  const { accessToken: bearer } = await registered(rotated, { email: person.email })
  const json = { plan: 'starter', interval: 'month' }
  await expectProblem(await rotated.request('/v1/subscription', { bearer, json }), 'checkout-unavailable')
})
