import type { Db } from '../db/types.ts'
import { findQueue } from './sender-queries.ts'

/** The number of waiting and of failed mails of all instances, and how long the oldest has waited, in seconds. */
export function readMailQueue(sql: Db): Promise<{ queued: number; failed: number; oldestSeconds: number }> {
  return findQueue(sql)
}
