import { findRedisServer, startRedisServer } from '../../cluster/redis-server.ts'
import { call } from '../call.ts'
import { type Case, Skipped, withUndo } from '../case.ts'
import { underTraffic } from '../under-traffic.ts'
import { until } from '../wait.ts'

export const redisLost: Case = {
  name: 'redis-lost',
  about: 'Redis, where limits are counted, is killed, or freezes every second time, and comes back',
  times: { short: 2, long: 10 },
  run: (stand, options) =>
    withUndo(async (defer) => {
      if (!findRedisServer()) throw new Skipped('redis-server is not installed (apt-get install redis-server)')
      const redis = await startRedisServer()
      defer(redis.stop)
      const limits = { RATE_LIMIT_AUTH: '100000/15m', RATE_LIMIT_API: '100000/1m' }
      return underTraffic(stand, options, {
        environment: { REDIS_URL: redis.url, ...limits },
        async inject({ stand: { signal }, server, hold }, time) {
          const isHealth = (status: string) => async () => {
            const answer = await call(server().url, '/health')
            return typeof answer !== 'string' && (answer.body as { status?: string }).status === status
          }
          const thaw = time % 2 === 1 ? redis.freeze() : null
          if (!thaw) await redis.kill()
          try {
            await until(isHealth('degraded'), { seconds: 30, what: 'the loss is noticed', signal })
            await hold(options.isShort ? 0.3 : 1)
          } finally {
            thaw?.()
          }
          if (!thaw) await redis.restart()
          const backAt = performance.now()
          await until(isHealth('ok'), { seconds: 30, what: 'limits are counted again', signal })
          return backAt
        },
      })
    }),
}
