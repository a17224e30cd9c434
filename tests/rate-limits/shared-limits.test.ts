import { afterAll, describe, expect, test } from 'bun:test'
import { startRedisServer } from '../../scripts/cluster/redis-server.ts'
import { createRedisTier } from '../../src/rate-limits/limiters.ts'
import type { Redis } from '../../src/redis/connection.ts'
import { givenAccount, goodPassword, logIn, newEmail } from '../support/accounts.ts'
import { bodyOf, openTestApp, type TestApp } from '../support/app.ts'
import { expectProblem } from '../support/problems.ts'
import { describeWith } from '../support/tools.ts'

const limits = { RATE_LIMIT_GLOBAL: '20/1m', RATE_LIMIT_AUTH: '20/15m', RATE_LIMIT_API: '20/1m' }
let lastAddress = 0
/** An address that nobody used before. */
const newAddress = () => `198.51.100.${++lastAddress}`

/** Three instances on one database and one Redis of their own. */
async function openThree(environment: Record<string, string> = limits) {
  const redis = await startRedisServer()
  afterAll(redis.stop)
  const shared = { ...environment, REDIS_URL: redis.url }
  const first = await openTestApp(shared)
  const more = { ...shared, DATABASE_URL: first.databaseUrl, LOG_LEVEL: 'warn' }
  return { redis, instances: [first, await openTestApp(more), await openTestApp(more)] as const, first }
}

type Ask = (app: TestApp, index: number) => Promise<Response>

/** How many of 200 requests made at once, to each instance in turn, were answered with each status. */
async function atOnce(instances: readonly TestApp[], ask: Ask, count = 200): Promise<Record<number, number>> {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, index) => ask(instances[index % instances.length] as TestApp, index)),
  )
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

const plans = (ip: string) => (app: TestApp) => app.request('/v1/plans', { ip })
const wrongLogin = (ip: string) => (app: TestApp) =>
  app.request('/v1/auth/login', { ip, json: { email: newEmail(), password: 'not this one' } })

describeWith(['redis-server'], 'redis-server')('with REDIS_URL', () => {
  describe('limits count across three instances', async () => {
    const { instances, first, redis } = await openThree()

    test('200 requests of one address at once at a limit of 20: exactly 20 pass', async () => {
      expect(await atOnce(instances, plans(newAddress()))).toEqual({ 200: 20, 429: 180 })
    })

    test('200 requests of one account at once: exactly 20 pass', async () => {
      const { accessToken: bearer } = await logIn(first, await givenAccount(first))
      const ask: Ask = (app, index) => app.request('/v1/me/entitlements', { bearer, ip: `203.0.113.${index}` })
      expect(await atOnce(instances, ask)).toEqual({ 200: 20, 429: 180 })
    })

    test('60 wrong log-ins of one address at once, each with another e-mail: exactly 20 are judged', async () => {
      const auth = await openThree({ ...limits, RATE_LIMIT_GLOBAL: 'off' })
      expect(await atOnce(auth.instances, wrongLogin(newAddress()), 60)).toEqual({ 401: 20, 429: 40 })
    })

    test('60 registrations of one address at once: exactly 20 are made', async () => {
      const { instances } = await openThree({ RATE_LIMIT_REGISTER: '20/1h' })
      const ip = newAddress()
      const register: Ask = (app) =>
        app.request('/v1/auth/register', { ip, json: { email: newEmail(), password: goodPassword } })
      expect(await atOnce(instances, register, 60)).toEqual({ 201: 20, 429: 40 })
    })

    test('an IPv6 /48 may do 16 times what one /64 may, and a /64 over its own limit costs the others nothing', async () => {
      const site = (subnet: number) => `2001:db8:9:${subnet.toString(16)}::1`
      expect(await atOnce(instances, plans(site(0)), 100)).toEqual({ 200: 20, 429: 80 })
      const others: Ask = (app, index) => app.request('/v1/plans', { ip: site(1 + (index % 30)) })
      expect(await atOnce(instances, others, 330)).toEqual({ 200: 300, 429: 30 })
    })

    test('60 password checks of one account at once: exactly as many as may be are judged', async () => {
      const { instances, first } = await openThree({ RATE_LIMIT_PASSWORD: '2/1h' })
      const { accessToken: bearer } = await logIn(first, await givenAccount(first))
      const json = { currentPassword: 'not this one', newPassword: 'umbrella ceramic walnut drizzle' }
      const change: Ask = (app) => app.request('/v1/auth/password/change', { bearer, json })
      expect(await atOnce(instances, change, 60)).toEqual({ 401: 2, 429: 58 })
    })

    test('a success gives its unit back on whatever instance', async () => {
      const auth = await openThree({ ...limits, RATE_LIMIT_GLOBAL: 'off', RATE_LIMIT_AUTH: '1/15m' })
      const [one, two, three] = auth.instances
      const ip = newAddress()
      const person = await givenAccount(one)
      const json = { email: person.email, password: goodPassword }
      for (const app of [one, two, three, one]) {
        const answer = await app.request('/v1/auth/login', { ip, json })
        expect([answer.status, answer.headers.get('ratelimit')]).toEqual([
          200,
          expect.stringMatching(/^limit=1, remaining=1, /),
        ])
      }
      expect((await wrongLogin(ip)(two)).status).toBe(401)
      await expectProblem(await wrongLogin(ip)(three), 'rate-limited')
    })

    test('the headers tell of the one count, and when to come back', async () => {
      const ip = newAddress()
      for (let i = 0; i < 20; i++) {
        const answer = await plans(ip)(instances[i % 3] as TestApp)
        expect(answer.headers.get('ratelimit')).toMatch(new RegExp(`^limit=20, remaining=${19 - i}, reset=(60|5\\d)$`))
        expect(answer.headers.get('ratelimit-policy')).toBe('20;w=60')
      }
      const refused = await plans(ip)(first)
      expect(refused.headers.get('ratelimit')).toMatch(/^limit=20, remaining=0, reset=\d+$/)
      expect(Number(refused.headers.get('retry-after'))).toBeWithin(1, 61)
      await expectProblem(refused, 'rate-limited')
    })

    test('a window ends where Redis says so, and the next begins with a whole limit, also under a hail of requests', async () => {
      const client = new Bun.RedisClient(redis.url)
      const tier = createRedisTier(first.deps.redis as Redis, 'global', 60_000)
      for (let round = 0; round < 50; round++) {
        const key = `round ${round}`
        await Promise.all(Array.from({ length: 30 }, () => tier.consume(key, 20)))
        expect(await client.send('PEXPIRE', [`manas360:limit:global:${key}`, '25'])).toBe(1)
        let used = 31
        for (let i = 0; i < 10_000 && used > 30; i++) used = (await tier.consume(key, 20))?.used ?? 0
        expect(used).toBe(1)
      }
      client.close()
    })

    test('nothing is kept without an end', async () => {
      await plans(newAddress())(first)
      const client = new Bun.RedisClient(redis.url)
      const keys = (await client.send('KEYS', ['*'])) as string[]
      expect(keys.length).toBeGreaterThan(0)
      for (const key of keys) {
        expect(key).toStartWith('manas360:')
        expect(Number(await client.send('PTTL', [key]))).toBeWithin(-2, 60 * 60_000 + 1) // the longest window, of registrations, passwords and exports
        expect(await client.send('PTTL', [key])).not.toBe(-1)
      }
      client.close()
    })

    test('Redis forgot the scripts that count: it is taught them again, and counts on', async () => {
      const client = new Bun.RedisClient(redis.url)
      await client.send('SCRIPT', ['FLUSH'])
      client.close()
      expect(await atOnce(instances, plans(newAddress()))).toEqual({ 200: 20, 429: 180 })
      expect(instances.map(({ deps }) => deps.redis?.losses())).toEqual([0, 0, 0])
    })

    test('/health tells where limits are counted', async () => {
      const health = await bodyOf(await first.request('/health'))
      expect(health).toMatchObject({ status: 'ok', rateLimits: { countedIn: 'redis', status: 'ok' } })
      const alone = await openTestApp()
      expect(await bodyOf(await alone.request('/health'))).toMatchObject({ rateLimits: { countedIn: 'memory' } })
    })
  })
})
