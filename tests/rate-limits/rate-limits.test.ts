import { describe, expect, test } from 'bun:test'
import { givenAccount, goodPassword, logIn, newEmail } from '../support/accounts.ts'
import { openTestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'

/** How many of `count` requests made at once were answered with each status. */
async function atOnce(count: number, ask: (index: number) => Promise<Response>): Promise<Record<number, number>> {
  const answers = await Promise.all(Array.from({ length: count }, (_, index) => ask(index)))
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

describe('the global tier, for requests without a valid bearer', async () => {
  const app = await openTestApp({ RATE_LIMIT_GLOBAL: '20/1m' })
  const plans = (ip: string, headers: Record<string, string> = {}) => app.request('/v1/plans', { ip, headers })

  test('200 at once at a limit of 20: exactly 20 pass', async () => {
    expect(await atOnce(200, () => plans('192.0.2.1'))).toEqual({ 200: 20, 429: 180 })
  })

  test('counts each address apart', async () => {
    expect(await atOnce(20, (index) => plans(`192.0.2.${100 + index}`))).toEqual({ 200: 20 })
  })

  test('counts an IPv6 subscriber by the /64, however it is written, and IPv4 in IPv6 as IPv4', async () => {
    expect(await atOnce(40, (index) => plans(`2001:db8:0:1::${index.toString(16)}`))).toEqual({ 200: 20, 429: 20 })
    await expectProblem(await plans('2001:0DB8:0000:0001:ffff:ffff:ffff:ffff'), 'rate-limited')
    expect((await plans('2001:db8:0:2::1')).status).toBe(200)
    await atOnce(20, () => plans('192.0.2.2'))
    await expectProblem(await plans('::ffff:192.0.2.2'), 'rate-limited')
    expect((await plans('::ffff:192.0.2.3')).status).toBe(200)
  })

  test('believes no header about the address, for no proxy is trusted', async () => {
    const spoofed = (index: number) =>
      plans('192.0.2.4', {
        'X-Forwarded-For': `198.51.100.${index}`,
        'Fly-Client-IP': `198.51.100.${index}`,
        'X-Real-IP': `198.51.100.${index}`,
      })
    expect(await atOnce(25, spoofed)).toEqual({ 200: 20, 429: 5 })
  })

  test('says what is left, and when to come back', async () => {
    const ip = '192.0.2.5'
    const first = await plans(ip)
    expect(first.headers.get('ratelimit')).toMatch(/^limit=20, remaining=19, reset=(60|5\d)$/)
    expect(first.headers.get('ratelimit-policy')).toBe('20;w=60')
    expect(first.headers.has('retry-after')).toBeFalse()
    await atOnce(19, () => plans(ip))
    const refused = await plans(ip)
    expect(refused.headers.get('ratelimit')).toMatch(/^limit=20, remaining=0, reset=\d+$/)
    expect(Number(refused.headers.get('retry-after'))).toBeWithin(1, 61)
    await expectProblem(refused, 'rate-limited')
  })

  test('lets those with a valid bearer pass, and counts an invalid one before it refuses it', async () => {
    const ip = '192.0.2.6'
    const { accessToken } = await logIn(app, await givenAccount(app))
    const forged = () => app.request('/v1/me', { ip, bearer: `${accessToken}x` })
    expect(await atOnce(25, forged)).toEqual({ 401: 20, 429: 5 })
    expect((await app.request('/v1/me', { ip, bearer: accessToken })).status).toBe(200)
  })

  test('never limits the probes, nor preflights, nor what does not exist', async () => {
    const ip = '192.0.2.7'
    await atOnce(20, () => plans(ip))
    for (const path of ['/live', '/ready', '/health']) {
      const answer = await app.request(path, { ip })
      expect([path, answer.status, answer.headers.has('ratelimit')]).toEqual([path, 200, false])
    }
    await expectProblem(await app.request('/v1/no-such-route', { ip }), 'not-found')
    await expectProblem(await app.request('/v1/plans', { ip, method: 'DELETE' }), 'method-not-allowed')
    await expectProblem(await plans(ip), 'rate-limited')
  })
})

test('behind a trusted proxy the client is counted by what the proxy says of it', async () => {
  const app = await openTestApp({ RATE_LIMIT_GLOBAL: '20/1m', TRUSTED_PROXIES: '10.0.0.0/8' })
  const via = (forwarded: string) =>
    app.request('/v1/plans', { ip: '10.0.0.1', headers: { 'X-Forwarded-For': forwarded } })
  expect(await atOnce(25, (index) => via(`198.51.100.${index}, 203.0.113.9`))).toEqual({ 200: 20, 429: 5 })
  expect((await via('203.0.113.10')).status).toBe(200)
})

describe('the API tier, per account', async () => {
  const app = await openTestApp({ RATE_LIMIT_API: 'plan' })
  const { sql, clock } = app
  const me = (bearer: string, ip?: string) => app.request('/v1/me/entitlements', { bearer, ip })

  test("200 at once: exactly as many pass as the plan's rate, over all sessions and addresses of the account", async () => {
    const person = await givenAccount(app)
    const tokens = [(await logIn(app, person)).accessToken, (await logIn(app, person)).accessToken]
    expect(await atOnce(200, (index) => me(tokens[index % 2] ?? '', `192.0.2.${index}`))).toEqual({ 200: 60, 429: 140 })
    expect((await me((await logIn(app, await givenAccount(app))).accessToken)).status).toBe(200)
  })

  for (const [plan, rate] of [
    ['free', 60],
    ['starter', 300],
    ['professional', 600],
    ['business', 1200],
    ['enterprise', 3000],
  ] as const)
    test(`${plan} has ${rate} a minute`, async () => {
      const answer = await me((await logIn(app, await givenAccount(app, { plan }))).accessToken)
      expect(answer.headers.get('ratelimit')).toStartWith(`limit=${rate}, remaining=${rate - 1}, `)
      expect(answer.headers.get('ratelimit-policy')).toBe(`${rate};w=60`)
    })

  test('is that of free from the second at which the plan lapses', async () => {
    const endsAt = new Date(Date.now() + 300_000)
    const { accessToken } = await logIn(app, await givenAccount(app, { plan: 'business', endsAt }))
    clock.advance(301)
    expect((await me(accessToken)).headers.get('ratelimit-policy')).toBe('60;w=60')
    clock.advance(-301)
  })

  test('comes after the 401 and before the 403', async () => {
    const person = await givenAccount(app)
    const { accessToken } = await logIn(app, person)
    await atOnce(60, () => me(accessToken))
    await expectProblem(await app.request('/v1/admin/users', { bearer: accessToken }), 'rate-limited')
    await expectProblem(await app.request('/v1/admin/users', { bearer: `${accessToken}x` }), 'invalid-token')
    expect(await sql`select 1 from sessions where account_id = ${person.id} and ended_at is null`).toHaveLength(1)
  })

  test('is one number for all where RATE_LIMIT_API says so', async () => {
    const fixed = await openTestApp({ RATE_LIMIT_API: '7/1m' })
    const { accessToken } = await logIn(fixed, await givenAccount(fixed, { plan: 'enterprise' }))
    expect(await atOnce(20, () => fixed.request('/v1/me/entitlements', { bearer: accessToken }))).toEqual({
      200: 7,
      429: 13,
    })
  })
})

test('of two tiers on one route the headers tell of the one with the least left', async () => {
  const app = await openTestApp({ RATE_LIMIT_GLOBAL: '600/1m', RATE_LIMIT_AUTH: '5/15m' })
  const answer = await app.request('/v1/auth/login', { json: { email: newEmail(), password: goodPassword } })
  expect(answer.headers.get('ratelimit')).toMatch(/^limit=5, remaining=4, reset=\d+$/)
  expect(answer.headers.get('ratelimit-policy')).toBe('5;w=900')
})

test('`off` limits nobody and says nothing', async () => {
  const app = await openTestApp()
  expect(await atOnce(700, () => app.request('/v1/plans'))).toEqual({ 200: 700 })
  expect((await app.request('/v1/plans')).headers.has('ratelimit')).toBeFalse()
})
