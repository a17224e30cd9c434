import { describe, expect, test } from 'bun:test'
import { goodPassword, logIn, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp } from '../support/app.ts'
import { lockoutSteps } from '../support/lockouts.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql, deps } = app
const { login, failTimes, age } = lockoutSteps(app)
const newPassword = 'umbrella ceramic walnut drizzle'
type Person = { id: string; email: string; accessToken: string }

function change({ accessToken }: Person, currentPassword: unknown, wanted: unknown = newPassword): Promise<Response> {
  return request('/v1/auth/password/change', { bearer: accessToken, json: { currentPassword, newPassword: wanted } })
}

async function wrongTimes(count: number, person: Person): Promise<void> {
  for (let i = 0; i < count; i++) await expectProblem(await change(person, 'not this one'), 'invalid-credentials')
}

describe('a changed password', () => {
  test('is the one that counts: the old one opens nothing any more', async () => {
    const person = await registered(app)
    const answer = await change(person, goodPassword)
    expect([answer.status, Object.keys(await bodyOf(answer))]).toEqual([200, ['deviceToken']])
    await expectProblem(await login(person.email, goodPassword), 'invalid-credentials')
    expect((await login(person.email, newPassword)).status).toBe(200)
    await expectProblem(await change(person, goodPassword), 'invalid-credentials')
  })

  test('ends the other sessions and keeps this one', async () => {
    const person = await registered(app)
    const other = await logIn(app, person)
    expect((await change(person, goodPassword)).status).toBe(200)
    await expectProblem(await request('/v1/me', { bearer: other.accessToken }), 'session-revoked')
    await expectProblem(
      await request('/v1/auth/refresh', { json: { refreshToken: other.refreshToken } }),
      'invalid-refresh-token',
    )
    expect((await request('/v1/auth/refresh', { json: { refreshToken: person.refreshToken } })).status).toBe(200)
  })

  test('is audited, and neither it nor the old one is written anywhere', async () => {
    const person = await registered(app)
    await change(person, goodPassword)
    const rows =
      await sql`select actor_id, entity_id from audit_logs where action = 'password.change' and entity_id = ${person.id}`
    expect(rows).toEqual<unknown>([{ actorId: person.id, entityId: person.id }])
    const [row] = await sql<
      { text: string }[]
    >`select concat((select string_agg(p::text, '') from audit_personal p), (select string_agg(s::text, '') from audit_subjects s)) as text`
    for (const trace of [row?.text ?? '', app.lines.join()]) expect(trace).not.toMatch(/umbrella|battery staple|argon2/)
  })

  test('of two changes at once, one is made', async () => {
    const person = await registered(app)
    const answers = await Promise.all([
      change(person, goodPassword),
      change(person, goodPassword, 'granite lantern orchard velvet'),
    ])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401])
  })

  test('that cannot be recorded is not made', async () => {
    const person = await registered(app)
    await sql.begin(async (tx) => {
      await tx`create function fail() returns trigger language plpgsql as 'begin raise exception $m$a fault$m$; end'`
      await tx`create trigger fail before insert on audit_logs for each row execute function fail()`
    })
    const failed = await change(person, goodPassword)
    await sql`drop function fail() cascade`
    await expectProblem(failed, 'internal-error')
    expect((await login(person.email, goodPassword)).status).toBe(200)
  })
})

describe('a wrong current password', () => {
  test('is 401, and the session stays', async () => {
    const person = await registered(app)
    await wrongTimes(1, person)
    expect((await request('/v1/me', { bearer: person.accessToken })).status).toBe(200)
  })

  test('counts: five, then 429 for the right one too, in every session of the account', async () => {
    const person = await registered(app)
    const second = { ...person, ...(await logIn(app, person)) }
    await wrongTimes(3, person)
    await wrongTimes(2, second)
    for (const session of [person, second]) {
      const refused = await change(session, goodPassword)
      await expectProblem(refused, 'account-locked')
      expect(Number(refused.headers.get('retry-after'))).toBeWithin(880, 901)
    }
  })

  test("counts in the account's own counter: log-in is untouched, and the other way round", async () => {
    const person = await registered(app)
    await wrongTimes(5, person)
    await expectProblem(await change(person, goodPassword), 'account-locked')
    await failTimes(4, person.email)
    expect((await login(person.email)).status).toBe(200)
    const another = await registered(app)
    await failTimes(5, another.email)
    await expectProblem(await login(another.email), 'account-locked')
    expect((await change(another, goodPassword)).status).toBe(200)
  })

  test('is forgotten after 15 minutes, and by the right one', async () => {
    const person = await registered(app)
    await wrongTimes(5, person)
    await age(deps.counterKey('password', person.id), '15 minutes 1 second')
    await wrongTimes(4, person)
    expect((await change(person, goodPassword)).status).toBe(200)
    await wrongTimes(4, person)
    expect((await change(person, newPassword, goodPassword)).status).toBe(200)
  })

  test('50 at once: five are judged', async () => {
    const person = await registered(app)
    const answers = await Promise.all(Array.from({ length: 50 }, () => change(person, 'not this one')))
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(5)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(45)
  })
})

test('any string is judged as the current password, where a new one may not hold NUL or a lone surrogate', async () => {
  const person = await registered(app)
  for (const wrong of ['\0', '\ud800']) {
    await expectProblem(await change(person, wrong), 'invalid-credentials')
    const erasure = { method: 'DELETE', bearer: person.accessToken, json: { password: wrong } }
    await expectProblem(await request('/v1/me', erasure), 'invalid-credentials')
    await expectProblem(await change(person, goodPassword, `${newPassword}${wrong}`), 'validation-failed')
  }
})

describe('what is refused as input', () => {
  const cases: [string, unknown, unknown, string][] = [
    ['a new password that is too short', goodPassword, 'short', 'newPassword'],
    ['a new password of 257 code points', goodPassword, 'x'.repeat(257), 'newPassword'],
    ['the current password once more', goodPassword, goodPassword, 'newPassword'],
    ['an empty current password', '', newPassword, 'currentPassword'],
    ['a current password of 257 code points', 'x'.repeat(257), newPassword, 'currentPassword'],
    ['a current password that is a number', 12, newPassword, 'currentPassword'],
  ]
  for (const [name, currentPassword, wanted, path] of cases)
    test(name, async () => {
      const problem = await expectProblem(
        await change(await registered(app), currentPassword, wanted),
        'validation-failed',
      )
      expect(problem.errors?.map((error) => error.path)).toEqual([path])
    })
})
