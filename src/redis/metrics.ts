import { counter, gauge, type Metric } from '../metrics/metric.ts'
import type { Redis } from './connection.ts'

export function redisMetrics(redis: Redis): Metric[] {
  return [
    gauge('manas360_redis_up', 'Whether Redis is connected: 1 or 0', redis.isUp),
    counter('manas360_redis_losses_total', 'How often Redis was lost', redis.losses),
  ]
}
