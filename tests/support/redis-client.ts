import { createLogger } from '../../src/log/logger.ts'
import { openRedis } from '../../src/redis/connection.ts'

/** A process of its own, for what only a process's environment can say: whether the link to the Redis of REDIS stands. */
const redis = openRedis({ url: process.env.REDIS ?? '', timeoutMs: 100, log: createLogger({ level: 'silent' }) })
await redis.start()
process.stdout.write(`${redis.isUp()}\n`)
await redis.close()
