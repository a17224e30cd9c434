import { describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, logIn, newEmail } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { lockoutSteps } from '../support/lockouts.ts'
import { expectProblem } from '../support/problems.ts'
import { until } from '../support/server-process.ts'

const app = await openTestApp()
const { request, sql } = app
const { keyOf, login, failTimes, age, lockedFor } = lockoutSteps(app)
const anHour = 3_600

/** A factory's tries whose outcome nobody knows yet, begun `secondsAgo`. */
async function givenUndecided(email: string, count: number, secondsAgo: number): Promise<void> {
  await sql`
    insert into lockouts (key, pending)
    select ${keyOf(email)}, jsonb_object_agg(gen_random_uuid(), extract(epoch from clock_timestamp()) - ${secondsAgo}::int) from generate_series(1, ${count}::int)
    on conflict (key) do update set pending = excluded.pending`
}

describe('a lockout', () => {
  test('lasts 15 minutes, then twice as long as the one before, and an hour at most', async () => {
    const email = newEmail()
    const lasted: number[] = []
    for (let i = 0; i < 5; i++) {
      await failTimes(5, email)
      lasted.push(await lockedFor(email))
      await age(keyOf(email), `${lasted.at(-1) ?? 0} seconds`)
    }
    const expected = [1, 2, 4, 8, 16].map((times) => Math.min(900 * times, anHour))
    for (const [index, seconds] of expected.entries()) expect(lasted[index]).toBeWithin(seconds - 10, seconds + 1)
  })

  test('ends by itself', async () => {
    const person = await givenAccount(app)
    await failTimes(5, person.email)
    await age(keyOf(person.email), '14 minutes 30 seconds')
    expect(await lockedFor(person.email)).toBeWithin(20, 31)
    await age(keyOf(person.email), '31 seconds')
    expect((await login(person.email)).status).toBe(200)
  })

  test('is not made longer by tries during it, wrong or right, and they count for nothing', async () => {
    const person = await givenAccount(app)
    await failTimes(5, person.email)
    const [before] = await sql`select * from lockouts where key = ${keyOf(person.email)}`
    for (let i = 0; i < 6; i++)
      await expectProblem(await login(person.email, i % 2 ? goodPassword : 'wrong'), 'account-locked')
    const [after] = await sql`select * from lockouts where key = ${keyOf(person.email)}`
    expect({ ...after, updatedAt: null }).toEqual({ ...before, updatedAt: null })
    await age(keyOf(person.email), '15 minutes 1 second')
    await failTimes(4, person.email)
    expect((await login(person.email)).status).toBe(200)
  })

  test('touches no session', async () => {
    const person = await givenAccount(app)
    const session = await logIn(app, person)
    await failTimes(5, person.email)
    expect((await request('/v1/me', { bearer: session.accessToken })).status).toBe(200)
    expect((await request('/v1/auth/refresh', { json: { refreshToken: session.refreshToken } })).status).toBe(200)
  })

  test('of an unknown address and of a known one read alike, and both are paused for as long', async () => {
    const person = await givenAccount(app)
    const bodies: string[] = []
    for (const email of [person.email, newEmail()]) {
      await failTimes(5, email)
      const { requestId: _, ...rest } = await expectProblem(await login(email), 'account-locked')
      bodies.push(JSON.stringify(rest))
      expect(await lockedFor(email)).toBeWithin(890, 901)
    }
    expect(bodies[0]).toBe(bodies[1] ?? '')
  })

  test('is of an address, however it is spelt', async () => {
    const person = await givenAccount(app, { email: `asha.${Bun.randomUUIDv7()}@people.test` })
    const spellings = [
      person.email.toUpperCase(),
      `  ${person.email}`,
      person.email.replace('asha', 'ａｓｈａ'),
      person.email,
      `${person.email} `,
    ]
    for (const spelling of spellings) await failTimes(1, spelling)
    await expectProblem(await login(person.email), 'account-locked')
  })

  test('stores no address, and its start alone is audited', async () => {
    const email = `canary-${Bun.randomUUIDv7()}@people.test`
    const person = await givenAccount(app)
    const audited = () =>
      sql`select entity_id, details from audit_logs where action = 'lockout.start' and entity_id is not distinct from ${person.id}`
    await failTimes(4, person.email)
    expect(await audited()).toHaveLength(0)
    await failTimes(1, person.email)
    expect(await audited()).toEqual<unknown>([{ entityId: person.id, details: { counter: 'email' } }])
    await lockedFor(person.email)
    expect(await audited()).toHaveLength(1)
    await failTimes(5, email)
    for (const table of ['lockouts', 'login_attempts', 'audit_logs', 'audit_personal', 'audit_subjects']) {
      const rows = await sql`select t::text as text from ${sql(table)} t`
      expect(rows.filter(({ text }) => text.includes('canary'))).toEqual([])
    }
    expect(app.lines.join()).not.toContain('canary')
  })
})

describe('a reset of the counters', () => {
  test('clears failures after 15 minutes', async () => {
    const email = newEmail()
    await failTimes(4, email)
    await age(keyOf(email), '15 minutes 1 second')
    await failTimes(4, email)
    await failTimes(1, email)
    await expectProblem(await login(email), 'account-locked')
  })

  test('clears all failures, and the doubling, after a success', async () => {
    const person = await givenAccount(app)
    await failTimes(5, person.email)
    await age(keyOf(person.email), '15 minutes 1 second')
    await failTimes(4, person.email)
    expect((await login(person.email)).status).toBe(200)
    await failTimes(5, person.email)
    expect(await lockedFor(person.email)).toBeWithin(890, 901)
  })

  test('clears the doubling after 24 hours without a failure, counted from the end of the last lockout', async () => {
    const email = newEmail()
    await failTimes(5, email)
    await age(keyOf(email), '24 hours 14 minutes')
    await failTimes(5, email)
    expect(await lockedFor(email)).toBeWithin(1_790, 1_801)
    await age(keyOf(email), '24 hours 31 minutes')
    await failTimes(5, email)
    expect(await lockedFor(email)).toBeWithin(890, 901)
  })
})

describe('a try that is undecided', () => {
  test('holds its place: five of them answer rate-limited for a second, and nothing is locked', async () => {
    const person = await givenAccount(app)
    await givenUndecided(person.email, 5, 0)
    const refused = await login(person.email)
    await expectProblem(refused, 'rate-limited')
    expect(refused.headers.get('retry-after')).toBe('1')
    await sql`update lockouts set pending = '{}' where key = ${keyOf(person.email)}`
    expect((await login(person.email)).status).toBe(200)
  })

  test('holds it beside failures too', async () => {
    const person = await givenAccount(app)
    await failTimes(3, person.email)
    await givenUndecided(person.email, 2, 0)
    await expectProblem(await login(person.email), 'rate-limited')
  })

  test('left by a crash stops counting after 30 s', async () => {
    const person = await givenAccount(app)
    let [answer, milliseconds] = [new Response(), Number.POSITIVE_INFINITY]
    // Asked again where a busy machine took the two seconds that were left of them.
    while (milliseconds >= 2_000) {
      const since = performance.now()
      await givenUndecided(person.email, 5, 28)
      answer = await login(person.email)
      milliseconds = performance.now() - since
    }
    await expectProblem(answer, 'rate-limited')
    await givenUndecided(person.email, 5, 31)
    expect((await login(person.email)).status).toBe(200)
  })

  test('that ends in a fault of ours is given back, and is no failure', async () => {
    const person = await givenAccount(app)
    await sql.begin(async (tx) => {
      await tx`create function fail() returns trigger language plpgsql as 'begin raise exception $m$a fault$m$; end'`
      await tx`create trigger fail before insert on sessions for each row execute function fail()`
    })
    for (let i = 0; i < 6; i++) await expectProblem(await login(person.email), 'internal-error')
    await sql`drop function fail() cascade`
    const [counter] = await sql`select pending, failures from lockouts where key = ${keyOf(person.email)}`
    expect(counter).toEqual({ pending: {}, failures: [] })
    expect((await login(person.email)).status).toBe(200)
  })

  test('whose deadline passed leaves neither a failure nor a held place', async () => {
    const hasty = await openTestApp({ REQUEST_TIMEOUT_MS: '100', DATABASE_URL: app.databaseUrl })
    const person = await givenAccount(app)
    await sql.begin(async (tx) => {
      await tx`create function slow() returns trigger language plpgsql as 'begin perform pg_sleep(0.4); return new; end'`
      await tx`create trigger slow before insert on login_attempts for each row when (new.account_id = ${tx.unsafe(`'${person.id}'`)}) execute function slow()`
    })
    // On a busy machine the deadline may pass before the counter is written.
    await sql`insert into lockouts (key) values (${keyOf(person.email)})`
    await expectProblem(await lockoutSteps(hasty).login(person.email), 'deadline-exceeded')
    // What it began ends after the answer, and may not have begun to count yet.
    const isIdle = () => hasty.deps.db.stats().inUse + hasty.deps.passwords.stats().running === 0
    await until(isIdle, 20, 'its work is over')
    await sql`drop function slow() cascade`
    const [counter] = await sql`select pending, failures from lockouts where key = ${keyOf(person.email)}`
    expect(counter).toEqual({ pending: {}, failures: [] })
  })
})
