import { counter, gauge, type Metric } from '../metrics/metric.ts'
import type { Redis } from './connection.ts'

/** Whether Redis is connected, and how often it was lost. */
export function redisMetrics(redis: Redis): Metric[] {
  return [
    gauge('manas360_redis_up', '1 if this instance is connected to Redis, else 0', redis.isUp),
    counter('manas360_redis_losses_total', 'Times that this instance lost its connection to Redis', redis.losses),
  ]
}
