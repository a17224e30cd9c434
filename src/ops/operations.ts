import { readInbox } from '../billing/events.ts'
import { readMailQueue } from '../mail/queue.ts'
import { readBacklog } from '../webhooks/deliveries.ts'
import type { OpsDeps } from './deps.ts'
import { listInstances } from './instance-queries.ts'

/** Three missed heartbeats. */
const silentAfterSeconds = 30
/** More than run at once; a process that keeps crashing leaves a row for each start. */
const maxInstances = 100

/** The running instances as they were last published, and the queues of all of them. */
export async function readOperations({ sql, instance, mail, feed }: OpsDeps) {
  const [instances, mails, inbox, webhooks] = await Promise.all([
    listInstances(sql, silentAfterSeconds, maxInstances),
    readMailQueue(sql),
    readInbox(sql),
    readBacklog(sql),
  ])
  return {
    answeredBy: instance.id,
    feedAgeMs: Math.round(feed.ageMs()),
    instances,
    queues: { mail: { on: mail.isOn, ...mails }, billingEvents: inbox, webhooks },
  }
}
