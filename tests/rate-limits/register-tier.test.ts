import { describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, newEmail } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

const app = await openTestApp({ RATE_LIMIT_REGISTER: '3/1h', DB_POOL_MAX: '20' })
const { deps } = app
let lastAddress = 0
/** An address that nobody used before. */
const newAddress = () => `198.51.100.${++lastAddress}`
const register = (ip: string, body: Record<string, unknown> = {}) =>
  app.request('/v1/auth/register', { ip, json: { email: newEmail(), password: goodPassword, ...body } })

describe('registrations of one address', () => {
  test('count when they succeed: after as many as may be, 429 before the body is read, at no query and no argon2', async () => {
    const ip = newAddress()
    for (let i = 0; i < 3; i++) expect((await register(ip)).status).toBe(201)
    const before = deps.db.stats().queries
    const refused = await register(ip)
    expect(Number(refused.headers.get('retry-after'))).toBeWithin(3_590, 3_601)
    expect(refused.headers.get('ratelimit-policy')).toBe('3;w=3600')
    await expectProblem(refused, 'rate-limited')
    await expectProblem(await app.request('/v1/auth/register', { ip, method: 'POST' }), 'rate-limited')
    expect(deps.db.stats().queries).toBe(before)
    expect((await register(newAddress())).status).toBe(201)
  })

  test('of 20 at once exactly as many are made', async () => {
    const ip = newAddress()
    const answers = await Promise.all(Array.from({ length: 20 }, () => register(ip)))
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(17)
  })

  test('count when the address is taken, and cost nothing when the input is refused', async () => {
    const ip = newAddress()
    const { email } = await givenAccount(app)
    for (let i = 0; i < 5; i++) {
      await expectProblem(await register(ip, { password: 'Password1234!' }), 'validation-failed')
      await expectProblem(await register(ip, { email: 'none' }), 'validation-failed')
    }
    for (let i = 0; i < 3; i++) await expectProblem(await register(ip, { email }), 'email-taken')
    await expectProblem(await register(ip), 'rate-limited')
  })

  test('leave log-in from there open', async () => {
    const ip = newAddress()
    const person = await givenAccount(app)
    for (let i = 0; i < 4; i++) await register(ip)
    const login = { email: person.email, password: goodPassword }
    expect((await app.request('/v1/auth/login', { ip, json: login })).status).toBe(200)
  })

  test('in IPv6 count by the /64, and all of a /48 may do 16 times as much', async () => {
    const net = (subnet: number, host = 1) => `2001:db8:7:${subnet.toString(16)}::${host.toString(16)}`
    for (let host = 1; host <= 3; host++) expect((await register(net(0, host))).status).toBe(201)
    for (let host = 4; host <= 60; host++) await expectProblem(await register(net(0, host)), 'rate-limited')
    // What the first /64 was refused costs its neighbours nothing.
    for (let subnet = 1; subnet <= 45; subnet++) expect((await register(net(subnet))).status).toBe(201)
    await expectProblem(await register(net(46)), 'rate-limited')
    expect((await register('2001:db8:8::1')).status).toBe(201)
  })
})

test('`off` counts none', async () => {
  const open = await openTestApp()
  for (let i = 0; i < 5; i++) {
    const answer = await open.request('/v1/auth/register', { json: { email: newEmail(), password: goodPassword } })
    expect([answer.status, answer.headers.has('ratelimit')]).toEqual([201, false])
  }
})
