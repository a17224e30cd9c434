import { expect, test } from 'bun:test'
import { runJobNow } from '../../src/jobs/runner.ts'
import { type Given, givenAccount } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { sendMailsTo } from '../support/mails.ts'

const app = await openTestApp({ INACTIVE_ACCOUNT_DAYS: '600' })
const { sql } = app
const hours = (days: number) => days * 24

/** Somebody who registered and logged in so many days ago, and not since. */
async function givenOld(days: number): Promise<Given> {
  const person = await givenAccount(app)
  await sql`
    update user_accounts set created_at = clock_timestamp() - make_interval(hours => ${hours(days)}),
           last_login_at = clock_timestamp() - make_interval(hours => ${hours(days)}) where id = ${person.id}`
  return person
}

type Session = { begun: number; used: number; ended?: number }

/** A session, by how many days ago it began, was refreshed last, and was ended; else it expired after 30 days. */
const givenSession = ({ id }: Given, { begun, used, ended }: Session) => sql`
  insert into sessions (id, account_id, created_at, last_used_at, expires_at, ended_at)
  values (${Bun.randomUUIDv7()}, ${id}, clock_timestamp() - make_interval(hours => ${hours(begun)}),
          clock_timestamp() - make_interval(hours => ${hours(used)}), clock_timestamp() - make_interval(hours => ${hours(begun - 30)}),
          ${ended === undefined ? null : sql`clock_timestamp() - make_interval(hours => ${hours(ended)})`})`
const givenDay = ({ id }: Given, daysAgo: number) => sql`
  insert into usage_daily (account_id, day, route, requests)
  values (${id}, (clock_timestamp() at time zone 'UTC')::date - ${daysAgo}::int, 'GET /v1/me', 1)`

/** When the row says that the account was used; null: it does not. */
async function lastUse({ id }: Given): Promise<Date | null> {
  const [row] = await sql<{ at: Date | null }[]>`select last_used_at as at from user_accounts where id = ${id}`
  return row?.at ?? null
}

/** When an account was used last, by its sessions and counted days. */
async function lastOf({ id }: Given): Promise<Date | null> {
  const [row] = await sql<{ at: Date | null }[]>`
    select greatest((select max(last_used_at) from sessions where account_id = ${id}),
                    (select (max(day) + 1)::timestamp at time zone 'UTC' from usage_daily where account_id = ${id})) as at`
  return row?.at ?? null
}

const rowsOf = async (table: string, { id }: Given) =>
  (await sql`select 1 from ${sql(table)} where account_id = ${id}`).length

for (const job of ['forget-uses', 'purge-expired'])
  test(`${job} keeps when a session was refreshed last, and a day counted, that it deletes`, async () => {
    const [expired, ended, counted, several] = [
      await givenOld(900),
      await givenOld(900),
      await givenOld(900),
      await givenOld(900),
    ]
    await givenSession(expired, { begun: 450, used: 421 })
    await givenSession(ended, { begun: 300, used: 290, ended: 280 })
    await givenDay(counted, 410)
    await givenSession(several, { begun: 700, used: 680 })
    await givenSession(several, { begun: 650, used: 630 })
    await givenDay(several, 450)
    const people = [expired, ended, counted, several]
    const expected = await Promise.all(people.map(lastOf))
    expect(expected).not.toContain(null)
    await runJobNow(app.deps, job)
    expect(await Promise.all(people.map(lastUse))).toEqual(expected)
    for (const person of people)
      expect([await rowsOf('sessions', person), await rowsOf('usage_daily', person)]).toEqual([0, 0])
  })

test('what is over for less than a day stays, and a later use is never dated back', async () => {
  const [fresh, later] = [await givenOld(900), await givenOld(900)]
  await givenSession(fresh, { begun: 30.5, used: 5 })
  await givenSession(later, { begun: 400, used: 390 })
  const known = new Date(Date.now() - 100 * 86_400_000)
  await sql`update user_accounts set last_used_at = ${known} where id = ${later.id}`
  await runJobNow(app.deps, 'forget-uses')
  expect([await lastUse(fresh), await rowsOf('sessions', fresh)]).toEqual([null, 1])
  expect([await lastUse(later), await rowsOf('sessions', later)]).toEqual([known, 0])
})

test('an erased account keeps nothing of it', async () => {
  const person = await givenOld(900)
  await runJobNow(app.deps, 'forget-uses')
  await sql`update user_accounts set status = 'deleted', deleted_at = clock_timestamp(), email = null, password_hash = null where id = ${person.id}`
  await givenSession(person, { begun: 400, used: 390 })
  await runJobNow(app.deps, 'forget-uses')
  expect([await lastUse(person), await rowsOf('sessions', person)]).toEqual([null, 0])
})

test('whoever only refreshed, long after the log-in, is told from then on, and not before', async () => {
  const [refreshed, counted, unused] = [await givenOld(900), await givenOld(900), await givenOld(900)]
  await givenSession(refreshed, { begun: 450, used: 421 })
  await givenDay(counted, 410)
  await runJobNow(app.deps, 'forget-uses')
  await runJobNow(app.deps, 'erase-inactive')
  const told = async ({ id }: Given) => (await rowsOf('inactivity_notices', { id } as Given)) === 1
  expect(await Promise.all([refreshed, counted, unused].map(told))).toEqual([false, false, true])
  await sql`update user_accounts set last_used_at = last_used_at - interval '3720 hours' where id = ${refreshed.id}`
  await runJobNow(app.deps, 'erase-inactive')
  expect(await told(refreshed)).toBe(true)
  // Used once more: the notice is void, whatever was sent.
  await sendMailsTo(app, refreshed.email)
  await sql`update user_accounts set last_used_at = clock_timestamp() where id = ${refreshed.id}`
  await runJobNow(app.deps, 'erase-inactive')
  expect(await told(refreshed)).toBe(false)
})

test('it takes the accounts of a batch, and goes on with the next', async () => {
  const people = await Promise.all(Array.from({ length: 5 }, () => givenOld(900)))
  for (const person of people) await givenSession(person, { begun: 450, used: 421 })
  const left = () => sql`select 1 from sessions where account_id in ${sql(people.map(({ id }) => id))}`
  const run = async () => (await sql<{ accounts: number }[]>`select accounts::int from forget_uses(3)`)[0]?.accounts
  expect([await run(), (await left()).length]).toEqual([3, 2])
  expect([await run(), (await left()).length, await run()]).toEqual([2, 0, 0])
})
