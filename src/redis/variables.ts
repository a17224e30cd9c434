import { integer, url } from '../config/fields.ts'
import { configuration } from '../config/room.ts'

export const redisConfiguration = configuration({
  variables: {
    REDIS_URL: url('redis:', 'rediss:').optional(),
    REDIS_TIMEOUT_MS: integer(10, 10_000, 100),
  },
  config: (e) => ({ redisUrl: e.REDIS_URL, redisTimeoutMs: e.REDIS_TIMEOUT_MS }),
})
