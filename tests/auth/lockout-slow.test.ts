import { describe, expect, test } from 'bun:test'
import { runJobNow } from '../../src/jobs/runner.ts'
import { givenAccount, goodPassword, newEmail, registered } from '../support/accounts.ts'
import { signedIn } from '../support/administration.ts'
import { openTestApp } from '../support/app.ts'
import { lockoutSteps } from '../support/lockouts.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const { keyOf, login, failTimes, age, lockedFor } = lockoutSteps(app)

/** `count` failures without a success, none of them within the last quarter of an hour. */
async function givenInARow(key: Buffer, count: number): Promise<void> {
  await sql`
    insert into lockouts (key, failures_in_a_row, last_failure_at) values (${key}, ${count}, clock_timestamp() - interval '16 minutes')
    on conflict (key) do update set failures_in_a_row = excluded.failures_in_a_row, last_failure_at = excluded.last_failure_at`
}

const startsOf = async (accountId: string | null) =>
  (
    await sql`
      select details from audit_logs where action = 'lockout.start' and entity_id is not distinct from ${accountId} order by id`
  ).map(({ details }) => details.counter)

describe('a hundred failures without a success', () => {
  test('four every quarter of an hour: the hundredth pauses the address for an hour, known or not', async () => {
    const person = await givenAccount(app)
    for (const email of [person.email, newEmail()]) {
      // 88 of them without the work, for the sake of time.
      await givenInARow(keyOf(email), 88)
      for (let round = 0; round < 2; round++) {
        await failTimes(4, email)
        await age(keyOf(email), '15 minutes 1 second')
      }
      await failTimes(3, email)
      await age(keyOf(email), '15 minutes 1 second')
      await failTimes(1, email)
      expect(await lockedFor(email)).toBeWithin(3_590, 3_601)
    }
    expect(await startsOf(person.id)).toEqual(['email'])
  })

  test('each further one is followed by an hour too, until a success', async () => {
    const person = await givenAccount(app)
    await givenInARow(keyOf(person.email), 99)
    for (let i = 0; i < 2; i++) {
      await failTimes(1, person.email)
      expect(await lockedFor(person.email)).toBeWithin(3_590, 3_601)
      await age(keyOf(person.email), '1 hour 1 second')
    }
    expect((await login(person.email)).status).toBe(200)
    await failTimes(4, person.email)
    expect((await login(person.email)).status).toBe(200)
    expect(await startsOf(person.id)).toEqual(['email', 'email'])
  })

  test('of 50 at once, no more are judged than may fail: two after 98, then one an hour', async () => {
    const email = newEmail()
    await givenInARow(keyOf(email), 98)
    const atOnce = async () =>
      (await Promise.all(Array.from({ length: 50 }, () => login(email, 'not this one')))).map(({ status }) => status)
    expect((await atOnce()).filter((status) => status === 401)).toHaveLength(2)
    await age(keyOf(email), '1 hour 1 second')
    expect((await atOnce()).filter((status) => status === 401)).toHaveLength(1)
  })

  test('do not concern a device that signed in before; its own hundred make it a stranger', async () => {
    const person = await registered(app)
    await givenInARow(keyOf(person.email), 100)
    expect((await login(person.email, goodPassword, person.deviceToken)).status).toBe(200)
    const device = deps.counterKey('device', person.deviceToken.split('.')[0] ?? '')
    await givenInARow(device, 99)
    await failTimes(1, person.email, person.deviceToken)
    // Judged by the address's counter now, whose hundred are full.
    await failTimes(1, person.email, person.deviceToken)
    await expectProblem(await login(person.email, goodPassword, person.deviceToken), 'account-locked')
    expect(await startsOf(person.id)).toEqual(['device', 'email'])
  })

  test("count for an account's own password check, whatever asks for it", async () => {
    const person = await registered(app)
    const bearer = person.accessToken
    await givenInARow(deps.counterKey('password', person.id), 99)
    const json = { currentPassword: 'not this one', newPassword: 'umbrella ceramic walnut drizzle' }
    await expectProblem(await request('/v1/auth/password/change', { bearer, json }), 'invalid-credentials')
    const erasure = { method: 'DELETE', bearer, json: { password: goodPassword } }
    const refused = await request('/v1/me', erasure)
    expect(Number(refused.headers.get('retry-after'))).toBeWithin(3_590, 3_601)
    await expectProblem(refused, 'account-locked')
    expect(await startsOf(person.id)).toEqual(['password'])
  })

  test('are forgotten after 30 days without one, and not before: the daily purge keeps them', async () => {
    const [kept, forgotten, quiet] = [newEmail(), newEmail(), newEmail()]
    await givenInARow(keyOf(kept), 99)
    await age(keyOf(kept), '29 days 23 hours')
    await givenInARow(keyOf(forgotten), 99)
    await age(keyOf(forgotten), '30 days')
    await failTimes(1, forgotten)
    await failTimes(1, kept)
    expect(await lockedFor(kept)).toBeWithin(3_590, 3_601)
    await failTimes(3, forgotten)
    for (const [email, ago] of [
      [kept, '29 days'],
      [forgotten, '30 days'],
    ] as const) {
      await age(keyOf(email), ago)
    }
    await sql`insert into lockouts (key) values (${keyOf(quiet)})`
    await sql`update lockouts set updated_at = updated_at - interval '31 days'`
    await runJobNow(deps, 'purge-expired')
    const left = await sql<{ key: Buffer }[]>`select key from lockouts`
    const isLeft = (email: string) => left.some(({ key }) => key.equals(keyOf(email)))
    expect([kept, forgotten, quiet].map(isLeft)).toEqual([true, false, false])
  })

  test("are ended by an administrator's unlock", async () => {
    const { bearer } = await signedIn(app, { role: 'admin' })
    const person = await givenAccount(app)
    await givenInARow(keyOf(person.email), 99)
    await failTimes(1, person.email)
    await lockedFor(person.email)
    const unlocked = await request(`/v1/admin/users/${person.id}/unlock`, { method: 'POST', bearer })
    expect(unlocked.status).toBe(204)
    await failTimes(4, person.email)
    expect((await login(person.email)).status).toBe(200)
  })
})

test('a lockout is told: a warning without an address, and a figure by whose failures were counted', async () => {
  const person = await givenAccount(app)
  const before = app.lines.length
  await failTimes(5, person.email)
  const told = app.lines.slice(before).map((line) => JSON.parse(line))
  expect(told.filter(({ level }) => level === 'warn')).toMatchObject([
    { msg: 'lockout started', accountId: person.id, counter: 'email', failuresInARow: 5 },
  ])
  expect(JSON.stringify(told)).not.toContain(person.email)
  expect(await (await request('/metrics')).text()).toMatch(/manas360_lockouts_total\{counter="email"\} [1-9]/)
})
