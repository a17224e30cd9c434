import { describe, expect, test } from 'bun:test'
import { goodPassword, logIn, registered } from '../support/accounts.ts'
import { bodyOf, openTestApp, type SessionJson } from '../support/app.ts'
import { lockoutSteps } from '../support/lockouts.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp()
const { request, sql } = app
const { login, failTimes } = lockoutSteps(app)

describe('a device that signed in before', () => {
  test('is judged by its own counter: strangers do not lock it out', async () => {
    const person = await registered(app)
    await failTimes(5, person.email)
    await expectProblem(await login(person.email), 'account-locked')
    expect((await login(person.email, goodPassword, person.deviceToken)).status).toBe(200)
  })

  test('nor does it lock out others: its failures are its own', async () => {
    const person = await registered(app)
    await failTimes(4, person.email, person.deviceToken)
    await failTimes(4, person.email)
    expect((await login(person.email)).status).toBe(200)
  })

  test('whose log-in succeeds clears its own counter, not that of strangers', async () => {
    const person = await registered(app)
    await failTimes(4, person.email)
    await failTimes(4, person.email, person.deviceToken)
    expect((await login(person.email, goodPassword, person.deviceToken)).status).toBe(200)
    await failTimes(4, person.email, person.deviceToken)
    await failTimes(1, person.email)
    await expectProblem(await login(person.email), 'account-locked')
  })

  test('with five failures is a stranger from then on', async () => {
    const person = await registered(app)
    await failTimes(5, person.email, person.deviceToken)
    // Judged by the address's counter now, which knows of no failure yet.
    await failTimes(5, person.email, person.deviceToken)
    await expectProblem(await login(person.email, goodPassword, person.deviceToken), 'account-locked')
    const started =
      await sql`select details from audit_logs where action = 'lockout.start' and entity_id = ${person.id} order by id`
    expect(started.map(({ details }) => details.counter)).toEqual(['device', 'email'])
  })

  test('has one counter however often it refreshes or gets another token of the session', async () => {
    const person = await registered(app)
    const renewed = await bodyOf<SessionJson>(
      await request('/v1/auth/refresh', { json: { refreshToken: person.refreshToken } }),
    )
    await failTimes(3, person.email, person.deviceToken)
    await failTimes(2, person.email, renewed.deviceToken)
    await failTimes(5, person.email)
    await expectProblem(await login(person.email, goodPassword, renewed.deviceToken), 'account-locked')
  })

  test('and changes the password there stays known by the token that the change answers, not by the old one', async () => {
    const person = await registered(app)
    const other = await logIn(app, person)
    const newPassword = `another ${goodPassword}`
    const { deviceToken } = await bodyOf<SessionJson>(
      await request('/v1/auth/password/change', {
        bearer: person.accessToken,
        json: { currentPassword: goodPassword, newPassword },
      }),
    )
    await failTimes(5, person.email)
    for (const stranger of [person.deviceToken, other.deviceToken])
      await expectProblem(await login(person.email, newPassword, stranger), 'account-locked')
    expect((await login(person.email, newPassword, deviceToken)).status).toBe(200)
    await expectProblem(await login(person.email, goodPassword, deviceToken), 'invalid-credentials')
  })
})

describe('a device token that is wrong or foreign is ignored', () => {
  test("another person's, a forged and a damaged one: a stranger", async () => {
    const person = await registered(app)
    const other = await registered(app)
    const [device = '', , version = ''] = person.deviceToken.split('.')
    const foreign = [
      other.deviceToken,
      `${person.deviceToken}x`,
      person.deviceToken.slice(0, -1),
      [device, person.id, version, 'A'.repeat(43)].join('.'),
      [device, person.id, version].join('.'),
      person.accessToken,
      'x'.repeat(5_000),
      "' or 1=1 --",
    ]
    await failTimes(5, person.email)
    for (const token of foreign) await expectProblem(await login(person.email, goodPassword, token), 'account-locked')
  })
})
