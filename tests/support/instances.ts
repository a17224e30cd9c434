import { afterAll } from 'bun:test'
import { type Cluster, openCluster } from '../../scripts/cluster/cluster.ts'
import type { Environment } from '../../scripts/cluster/instance.ts'
import { type RedisServer, startRedisServer } from '../../scripts/cluster/redis-server.ts'
import { patience, testSecrets } from './app.ts'
import { createDatabase } from './cluster.ts'
import { compiledProgram } from './compiled.ts'

/** The programs that these tests need, and their packages. */
export const programs: [string[], string] = [['redis-server', 'haproxy'], 'redis-server haproxy']

type TestCluster = Cluster & { redis: RedisServer; databaseUrl: string }

/**
 * Three real servers, compiled, behind haproxy, with a database and a Redis of their own; stopped after the file's
 * tests.
 */
export async function openTestCluster(environment: Environment = {}, instances = 3): Promise<TestCluster> {
  const database = await createDatabase()
  const redis = await startRedisServer()
  const cluster = await openCluster({
    instances,
    databaseUrl: database.url,
    redisUrl: redis.url,
    command: [await compiledProgram()],
    environment: {
      NODE_ENV: 'test',
      ...testSecrets,
      ...patience,
      DB_POOL_MAX: '10',
      DB_POOL_MIN: '2',
      LOG_LEVEL: 'warn',
      RATE_LIMIT_GLOBAL: 'off',
      RATE_LIMIT_AUTH: 'off',
      RATE_LIMIT_REGISTER: 'off',
      RATE_LIMIT_PASSWORD: 'off',
      RATE_LIMIT_MAIL: 'off',
      RATE_LIMIT_API: 'off',
      ...environment,
    },
  })
  afterAll(async () => {
    await cluster.stop()
    await redis.stop()
    await database.drop()
  })
  return { ...cluster, redis, databaseUrl: database.url }
}

/** A request over HTTP; a JSON body makes it a POST. */
export function ask(
  url: string,
  path: string,
  { bearer, json, headers }: { bearer?: string; json?: unknown; headers?: Record<string, string> } = {},
): Promise<Response> {
  return fetch(`${url}${path}`, {
    method: json === undefined ? 'GET' : 'POST',
    headers: {
      ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
      ...(json !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(json !== undefined && { body: JSON.stringify(json) }),
  })
}

/** The number of answers of each status to `count` concurrent requests. */
export async function atOnce(
  count: number,
  send: (index: number) => Promise<Response>,
): Promise<Record<number, number>> {
  const answers = await Promise.all(Array.from({ length: count }, (_, index) => send(index)))
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
