import { createLogger } from '../../src/log/logger.ts'
import { openRedis } from '../../src/redis/connection.ts'

/**
 * A process of its own, for variables that are read at its start: prints whether it is connected to the Redis of REDIS.
 */
const redis = openRedis({ url: process.env.REDIS ?? '', timeoutMs: 100, log: createLogger({ level: 'silent' }) })
await redis.start()
process.stdout.write(`${redis.isUp()}\n`)
await redis.close()
