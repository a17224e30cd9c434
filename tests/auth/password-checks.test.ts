import { describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, newEmail, registered } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({ RATE_LIMIT_PASSWORD: '3/1h' })
const { request, sql, deps } = app
type Person = { accessToken: string }

const passwordOf = (turn: number) => `umbrella ceramic walnut drizzle ${turn}`
function change({ accessToken: bearer }: Person, currentPassword: string, newPassword: string, ip?: string) {
  return request('/v1/auth/password/change', { bearer, ip, json: { currentPassword, newPassword } })
}
const login = (email: string, password: string, ip?: string) =>
  request('/v1/auth/login', { ip, json: { email, password } })

describe('password checks of one account', () => {
  test('count when they succeed, whatever asks for them and from wherever', async () => {
    const person = await registered(app)
    let current = goodPassword
    for (let turn = 0; turn < 3; turn++) {
      expect((await change(person, current, passwordOf(turn), `192.0.2.${turn}`)).status).toBe(200)
      current = passwordOf(turn)
    }
    const refused = await change(person, current, passwordOf(9))
    expect(Number(refused.headers.get('retry-after'))).toBeWithin(3_590, 3_601)
    expect(refused.headers.get('ratelimit')).toMatch(/^limit=3, remaining=0, reset=3[56]\d\d$/)
    expect(refused.headers.get('ratelimit-policy')).toBe('3;w=3600')
    await expectProblem(refused, 'rate-limited')
    const erasure = { method: 'DELETE', bearer: person.accessToken, json: { password: current } }
    await expectProblem(await request('/v1/me', erasure), 'rate-limited')
    expect((await login(person.email, current)).status).toBe(200)
    const other = await registered(app)
    expect((await change(other, goodPassword, passwordOf(1))).status).toBe(200)
  })

  test('a refused one costs no argon2, holds no place and is no failure', async () => {
    const person = await registered(app)
    for (let turn = 0; turn < 3; turn++) await change(person, 'not this one', passwordOf(turn))
    for (let turn = 0; turn < 6; turn++)
      await expectProblem(await change(person, 'not this one', passwordOf(turn)), 'rate-limited')
    const [counter] = await sql`
      select pending, cardinality(failures) as failures from lockouts where key = ${deps.counterKey('password', person.id)}`
    expect(counter).toEqual({ pending: {}, failures: 3 })
  })

  test('of 20 at once exactly as many are judged as may be', async () => {
    const person = await registered(app)
    const answers = await Promise.all(Array.from({ length: 20 }, () => change(person, 'not this one', passwordOf(1))))
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(3)
  })
})

describe('log-ins of one account', () => {
  test('that succeed may be ten times as many; other accounts behind the address are not concerned', async () => {
    const person = await givenAccount(app)
    for (let i = 0; i < 30; i++) expect((await login(person.email, goodPassword, '192.0.2.9')).status).toBe(200)
    await expectProblem(await login(person.email, goodPassword, '192.0.2.10'), 'rate-limited')
    const other = await givenAccount(app)
    expect((await login(other.email, goodPassword, '192.0.2.9')).status).toBe(200)
    const [counter] =
      await sql`select pending, failures from lockouts where key = ${deps.counterKey('email', person.email)}`
    expect(counter).toEqual({ pending: {}, failures: [] })
  })

  test('that fail cost nothing of it: strangers cannot close it, and the lockout answers as ever', async () => {
    const few = await openTestApp({ RATE_LIMIT_PASSWORD: '1/1h' })
    const person = await registered(few)
    const ask = (email: string, password: string, deviceToken = '') =>
      few.request('/v1/auth/login', { json: { email, password }, headers: { 'X-Device-Token': deviceToken } })
    for (const email of [person.email, newEmail()])
      for (let i = 0; i < 12; i++)
        await expectProblem(await ask(email, 'not this one'), i < 5 ? 'invalid-credentials' : 'account-locked')
    for (let i = 0; i < 10; i++) expect((await ask(person.email, goodPassword, person.deviceToken)).status).toBe(200)
    await expectProblem(await ask(person.email, goodPassword, person.deviceToken), 'rate-limited')
  })
})
