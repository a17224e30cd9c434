import type { Db } from '../db/types.ts'
import { findQueue } from './sender-queries.ts'

/** How many mails wait and how many failed, of all instances, and for how long the oldest has waited, in seconds. */
export function readMailQueue(sql: Db): Promise<{ queued: number; failed: number; oldestSeconds: number }> {
  return findQueue(sql)
}
