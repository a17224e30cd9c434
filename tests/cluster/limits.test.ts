import { expect, test } from 'bun:test'
import { goodPassword, newEmail } from '../support/accounts.ts'
import { bodyOf, type SessionJson } from '../support/app.ts'
import { ask, atOnce, openTestCluster, programs } from '../support/instances.ts'
import { expectProblem } from '../support/problems.ts'
import { until } from '../support/server-process.ts'
import { describeWith } from '../support/tools.ts'

describeWith(...programs)('three servers with one Redis', async () => {
  const limits = { RATE_LIMIT_GLOBAL: '20/1m', RATE_LIMIT_API: '20/1m', RATE_LIMIT_AUTH: '100/15m' }
  const cluster = await openTestCluster(limits)
  const { urls } = cluster
  const register = () => ask(cluster.url, '/v1/auth/register', { json: { email: newEmail(), password: goodPassword } })
  const health = (url: string) => ask(url, '/health').then((response) => bodyOf(response))
  let bearer = ''

  test('200 requests of one account at once, to each server in turn, at a limit of 20: exactly 20 pass', async () => {
    bearer = (await bodyOf<SessionJson>(await register())).accessToken
    const send = (index: number) => ask(urls[index % 3] ?? '', '/v1/me/entitlements', { bearer })
    expect(await atOnce(200, send)).toEqual({ 200: 20, 429: 180 })
  })

  test('200 requests of one address at once, through the proxy, at a limit of 20: exactly 20 pass', async () => {
    // One was the registration.
    expect(await atOnce(200, () => ask(cluster.url, '/v1/plans'))).toEqual({ 200: 19, 429: 181 })
  })

  test('Redis killed under way: every server closes its auth tier, opens the rest, and counts again by itself', async () => {
    const statuses = new Set<number>()
    let stopped = false
    const traffic = Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        while (!stopped) statuses.add((await ask(urls[index % 3] ?? '', '/v1/me/entitlements', { bearer })).status)
      }),
    )
    await until(() => statuses.has(429), 10, 'traffic over its limit')
    await cluster.redis.kill()
    const all = async (status: string) => (await Promise.all(urls.map(health))).every((body) => body.status === status)
    await until(() => all('degraded'), 10, 'every server has noticed')
    for (const url of urls) {
      expect((await atOnce(30, () => ask(url, '/v1/me/entitlements', { bearer })))[200]).toBe(30)
      expect((await ask(url, '/v1/plans')).headers.has('ratelimit')).toBeFalse()
      expect((await ask(url, '/ready')).status).toBe(200)
    }
    const refused = await register()
    expect(refused.headers.get('retry-after')).toBe('1')
    await expectProblem(refused, 'service-unavailable')
    await cluster.redis.restart()
    await until(() => all('ok'), 10, 'every server counts again')
    stopped = true
    await traffic
    expect([...statuses].sort()).toEqual([200, 429])
    const counted = await ask(cluster.url, '/v1/me/entitlements', { bearer })
    expect(counted.headers.get('ratelimit')).toStartWith('limit=20, remaining=')
    expect((await register()).status).toBe(201)
  })
})
