import { afterAll, beforeAll, expect, test } from 'bun:test'
import { RedisClient } from 'bun'
import { type RedisServer, startRedisServer } from '../../scripts/cluster/redis-server.ts'
import { createLogger } from '../../src/log/logger.ts'
import type { Tier } from '../../src/rate-limits/limiter.ts'
import { createPrefetchingLimiter } from '../../src/rate-limits/prefetching-limiter.ts'
import { openRedis, type Redis } from '../../src/redis/connection.ts'
import { until } from '../support/server-process.ts'
import { describeWith } from '../support/tools.ts'

describeWith(['redis-server'], 'redis-server')('the API tier of several instances with one Redis', () => {
  let server: RedisServer
  let client: RedisClient
  const open: { close(): unknown }[] = []

  beforeAll(async () => {
    server = await startRedisServer()
    client = new RedisClient(server.url)
  })
  afterAll(async () => {
    for (const opened of open.reverse()) await opened.close()
    client.close()
    await server.stop()
  })

  /** An instance's tier on a connection of its own. */
  async function openTier(windowMs = 60_000): Promise<Tier> {
    const redis: Redis = openRedis({ url: server.url, timeoutMs: 5_000, log: createLogger({ level: 'silent' }) })
    await redis.start()
    const tier = createPrefetchingLimiter(redis, 'test', windowMs)
    open.push(redis, tier)
    return tier
  }
  const openThree = () => Promise.all([openTier(), openTier(), openTier()])
  const newKey = () => crypto.randomUUID()
  const redisKey = (key: string) => `manas360:limit:test:${key}`
  const counted = async (key: string) => Number(await client.get(redisKey(key)))

  /** The numbers of the units taken, one after the other. */
  async function takeAll(tier: Tier, key: string, max: number, times: number): Promise<number[]> {
    const numbers: number[] = []
    for (let i = 0; i < times; i++) numbers.push((await tier.consume(key, max))?.used ?? Number.NaN)
    return numbers
  }

  /** Takes from each tier, several at a time, until it is refused. @returns how many units were within the limit */
  async function takeUntilRefused(tiers: Tier[], key: string, max: number): Promise<number> {
    let passed = 0
    const clients = tiers.flatMap((tier) => Array.from({ length: 8 }, () => tier))
    await Promise.all(
      clients.map(async (tier) => {
        for (;;) {
          const result = await tier.consume(key, max)
          if (!result || result.used > max) return
          passed++
          if (Math.random() < 0.1) await Bun.sleep(0)
        }
      }),
    )
    return passed
  }

  test.each([1, 2, 20, 60, 300, 1_200, 10_000])(
    'of a limit of %i, attacked over three instances, exactly it passes',
    async (max) => {
      expect(await takeUntilRefused(await openThree(), newKey(), max)).toBe(max)
    },
  )

  test.each([1, 20, 35, 60])('a limit of %i, asked of each instance in turn, is one count', async (max) => {
    const tiers = await openThree()
    const key = newKey()
    const numbers: number[] = []
    for (let i = 0; i <= max; i++) numbers.push(...(await takeAll(tiers[i % 3] as Tier, key, max, 1)))
    if (max <= 35) expect(numbers).toEqual(Array.from({ length: max + 1 }, (_, index) => index + 1))
    expect(numbers.findIndex((used) => used > max)).toBe(max)
  })

  test('on one instance units are numbered one by one', async () => {
    const numbers = await takeAll(await openTier(), newKey(), 300, 301)
    expect(numbers).toEqual(Array.from({ length: 301 }, (_, index) => index + 1))
  })

  test('who comes often costs few questions', async () => {
    const tier = await openTier()
    const questions = async () =>
      Number(/cmdstat_evalsha:calls=(\d+)/.exec(String(await client.send('INFO', ['commandstats'])))?.[1] ?? 0)
    const before = await questions()
    await takeAll(tier, newKey(), 100_000, 10_000)
    expect((await questions()) - before).toBeLessThan(100)
  })

  test('who comes at once is one question', async () => {
    const tier = await openTier()
    const key = newKey()
    const results = await Promise.all(Array.from({ length: 50 }, () => tier.consume(key, 30)))
    expect(results.map((result) => result?.used).sort((a = 0, b = 0) => a - b)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 1),
    )
    expect(tier.hits()).toBe(20)
  })

  test('units that an instance does not spend are back soon', async () => {
    const [one, two] = await openThree()
    let key: string
    // Until they were not given back between two takes.
    do {
      key = newKey()
      await takeAll(one, key, 300, 9)
    } while ((await counted(key)) === 9)
    await until(async () => (await counted(key)) === 9, 10, 'what is idle is given back')
    expect(await takeUntilRefused([two], key, 300)).toBe(291)
  })

  test('and at once when it is stopped', async () => {
    const tier = await openTier()
    const key = newKey()
    await takeAll(tier, key, 300, 9)
    await tier.close()
    expect(await counted(key)).toBe(9)
  })

  test('what is left of a window is not good in the next, and is not given back to it', async () => {
    const tier = await openTier(1_200)
    const key = newKey()
    await takeAll(tier, key, 300, 9)
    await until(async () => !(await client.exists(`manas360:limit:test:${key}`)), 5, 'the window ends')
    expect(await takeAll(tier, key, 300, 1)).toEqual([1])
    await tier.close()
    // None, where this window has ended too.
    expect(await counted(key)).toBeOneOf([1, 0])
  })

  test('what Redis has forgotten is not given back to what it counts since', async () => {
    const [one, two] = await openThree()
    const key = newKey()
    await takeAll(one, key, 300, 9)
    await client.del(redisKey(key))
    await Bun.sleep(300)
    expect(await takeAll(two, key, 300, 1)).toEqual([1])
    await one.close()
    expect(await counted(key)).toBe(1)
  })

  test('what Redis has forgotten is not spent on in the window that follows', async () => {
    const [one] = await openThree()
    const key = newKey()
    await takeAll(one, key, 1_000, 9)
    await client.del(redisKey(key))
    await Bun.sleep(300)
    // Under another limit it asks, with units in hand.
    const numbers = await takeAll(one, key, 999, 1_000)
    expect(numbers.filter((used) => used <= 999)).toHaveLength(999)
  })

  test('a limit that was lowered holds at once, whatever was given ahead', async () => {
    const tier = await openTier()
    const key = newKey()
    await takeAll(tier, key, 1_000, 9)
    expect((await tier.consume(key, 5))?.used).toBeGreaterThan(5)
    expect(tier.hits()).toBe(1)
  })

  test('also where others have used up the new limit', async () => {
    const [one, two] = await openThree()
    const key = newKey()
    await takeAll(one, key, 1_000, 9)
    await takeAll(two, key, 1_000, 200)
    expect((await one.consume(key, 60))?.used).toBeGreaterThan(200)
    expect(await takeUntilRefused([one, two], key, 60)).toBe(0)
  })

  test('who comes seldom after a rush leaves the rest to the other instances', async () => {
    const [one] = await openThree()
    const key = newKey()
    let spent = 2_000
    await takeAll(one, key, 10_000, spent)
    const held = async () => (await counted(key)) - spent
    expect(await held()).toBeGreaterThan(50)
    const comeSeldom = async () => {
      await Bun.sleep(300)
      await takeAll(one, key, 10_000, 1)
      spent++
      return (await held()) < 10
    }
    for (let times = 0; !(await comeSeldom()); times++) expect(times).toBeLessThan(12)
  })

  test('Redis forgot the scripts that count: it is taught them again', async () => {
    const tier = await openTier()
    const key = newKey()
    await tier.consume(key, 20)
    await client.send('SCRIPT', ['FLUSH'])
    expect(await takeAll(tier, key, 20, 2)).toEqual([2, 3])
    expect(tier.uncounted()).toBe(0)
  })

  test('no count is kept without an end', async () => {
    const tier = await openTier()
    const key = newKey()
    await takeAll(tier, key, 300, 9)
    expect(await client.send('PTTL', [`manas360:limit:test:${key}`])).toBeWithin(50_000, 60_001)
    await client.send('FLUSHALL', [])
    await tier.close()
    expect(await client.exists(`manas360:limit:test:${key}`)).toBeFalse()
  })
})
