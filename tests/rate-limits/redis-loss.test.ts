import { afterAll, expect, test } from 'bun:test'
import { startRedisServer } from '../../scripts/cluster/redis-server.ts'
import { givenAccount, goodPassword, logIn, newEmail } from '../support/accounts.ts'
import { bodyOf, openTestApp, type TestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { until } from '../support/server-process.ts'
import { describeWith } from '../support/tools.ts'

/** Low enough that one address would notice. */
const limits = {
  RATE_LIMIT_GLOBAL: '5/1m',
  RATE_LIMIT_AUTH: '100/15m',
  RATE_LIMIT_PASSWORD: '10/1h',
  RATE_LIMIT_API: '5/1m',
}
const ip = '198.51.100.1'

/** An instance, its Redis, and somebody who is logged in. */
async function open() {
  const redis = await startRedisServer()
  afterAll(redis.stop)
  // However busy this machine is, Redis is not taken for lost before it is.
  const app = await openTestApp({ ...limits, REDIS_URL: redis.url, REDIS_TIMEOUT_MS: '2000' })
  const person = await givenAccount(app)
  const { accessToken: bearer } = await logIn(app, person)
  return { redis, app, person, bearer }
}

const login = (app: TestApp, email = newEmail(), password = 'not this one', from = ip) =>
  app.request('/v1/auth/login', { ip: from, json: { email, password } })

/** What is promised while Redis is lost. */
async function expectLost(app: TestApp, bearer: string): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const open = await Promise.all([
      app.request('/v1/plans', { ip }),
      app.request('/v1/me/entitlements', { bearer, ip }),
    ])
    for (const answer of open)
      expect([answer.status, answer.headers.has('ratelimit'), answer.headers.has('ratelimit-policy')]).toEqual([
        200,
        false,
        false,
      ])
  }
  const { accessToken, ...register } = { accessToken: bearer, email: newEmail(), password: goodPassword }
  for (const refused of [
    await login(app),
    await app.request('/v1/auth/register', { ip, json: register }),
    await app.request('/v1/auth/password/change', { ip, bearer: accessToken, method: 'POST' }),
    await app.request('/v1/me', { ip, bearer: accessToken, method: 'DELETE', json: { password: goodPassword } }),
  ]) {
    expect([refused.headers.get('retry-after'), refused.headers.has('ratelimit')]).toEqual(['1', false])
    await expectProblem(refused, 'service-unavailable')
  }
  expect((await app.request('/ready')).status).toBe(200)
  expect(await bodyOf(await app.request('/health'))).toMatchObject({
    status: 'degraded',
    rateLimits: { countedIn: 'redis', status: 'failed' },
  })
}

async function expectBack(app: TestApp, bearer: string): Promise<void> {
  await until(() => app.deps.redis?.isUp() === true, 10, 'Redis is back')
  const counted = await app.request('/v1/me/entitlements', { bearer, ip })
  expect(counted.headers.get('ratelimit')).toMatch(/^limit=5, remaining=\d, /)
  // What a frozen Redis was told it counts when it thaws: another address has its whole limit.
  const another = '198.51.100.2'
  expect((await app.request('/v1/plans', { ip: another })).headers.has('ratelimit')).toBeTrue()
  expect((await login(app, newEmail(), 'not this one', another)).status).toBe(401)
  expect(await bodyOf(await app.request('/health'))).toMatchObject({ status: 'ok' })
}

const said = (app: TestApp, text: string) => app.lines.filter((line) => line.includes(text)).length

describeWith(['redis-server'], 'redis-server')('when Redis is lost', () => {
  test('killed in the middle: the auth tier closes, the others open; back, all of them count again', async () => {
    const { redis, app, bearer } = await open()
    let killed = false
    const statuses = new Set<number>()
    const traffic = Array.from({ length: 20 }, async (_, index) => {
      while (!killed) {
        statuses.add((await app.request('/v1/plans', { ip: `203.0.113.${index}` })).status)
        // Without a socket nothing else would ever get its turn.
        await Bun.sleep(0)
      }
    })
    await until(() => statuses.has(429), 10, 'traffic at its limit')
    await redis.kill()
    await until(() => app.deps.redis?.isUp() === false, 10, 'the loss is noticed')
    killed = true
    await Promise.all(traffic)
    expect([...statuses].sort()).toEqual([200, 429])
    await expectLost(app, bearer)
    await redis.restart()
    await expectBack(app, bearer)
    expect([said(app, 'Redis is lost'), said(app, 'Redis answers again')]).toEqual([1, 1])
  })

  test('frozen: nobody waits but those who were there, and nothing is queued', async () => {
    const { redis, app, bearer } = await open()
    const thaw = redis.freeze()
    const caught = await Promise.all(Array.from({ length: 30 }, () => app.request('/v1/plans', { ip })))
    expect(new Set(caught.map(({ status }) => status))).toEqual(new Set([200]))
    await expectLost(app, bearer)
    thaw()
    await expectBack(app, bearer)
    expect([said(app, 'Redis is lost'), said(app, 'Redis answers again')]).toEqual([1, 1])
  })

  test('away at the start: the same, until it is there', async () => {
    const { redis, app, bearer } = await open()
    await redis.kill()
    const late = await openTestApp({
      ...limits,
      REDIS_URL: redis.url,
      REDIS_TIMEOUT_MS: '2000',
      DATABASE_URL: app.databaseUrl,
    })
    await expectLost(late, bearer)
    await redis.restart()
    await expectBack(late, bearer)
  })

  test('at log-in body and lockout are judged first, refresh goes on, and no password is looked at', async () => {
    const { redis, app, person } = await open()
    const session = await logIn(app, person)
    const email = newEmail()
    for (let i = 0; i < 5; i++)
      await app.request('/v1/auth/login', { ip: `192.0.2.${i}`, json: { email, password: 'x' } })
    await redis.kill()
    await until(() => app.deps.redis?.isUp() === false, 10, 'the loss is noticed')
    expect((await app.request('/v1/auth/login', { ip, json: { email } })).status).toBe(422)
    await expectProblem(await login(app, email), 'account-locked')
    const before = app.deps.db.stats().queries
    await expectProblem(await login(app, person.email, goodPassword), 'service-unavailable')
    expect(app.deps.db.stats().queries - before).toBe(1)
    const { refreshToken } = session
    expect((await app.request('/v1/auth/refresh', { ip, json: { refreshToken } })).status).toBe(200)
  })

  test('/metrics counts what nobody counted', async () => {
    const { redis, app, bearer } = await open()
    const sample = async (name: string) =>
      Number(new RegExp(`^manas360_${name} (\\d+)$`, 'm').exec(await (await app.request('/metrics')).text())?.[1])
    expect([await sample('redis_up'), await sample('redis_losses_total')]).toEqual([1, 0])
    await redis.kill()
    await until(() => app.deps.redis?.isUp() === false, 10, 'the loss is noticed')
    for (let i = 0; i < 3; i++) await app.request('/v1/plans', { ip })
    for (let i = 0; i < 2; i++) await app.request('/v1/me/entitlements', { bearer })
    await login(app)
    expect([await sample('redis_up'), await sample('redis_losses_total')]).toEqual([0, 1])
    expect(await sample('rate_limit_uncounted_total{tier="global"}')).toBe(4)
    expect(await sample('rate_limit_uncounted_total{tier="api"}')).toBe(2)
    expect(await sample('rate_limit_uncounted_total{tier="auth"}')).toBe(1)
  })
})
