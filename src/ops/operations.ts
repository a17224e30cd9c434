import { readInbox } from '../billing/events.ts'
import { readMailQueue } from '../mail/queue.ts'
import { readBacklog } from '../webhooks/deliveries.ts'
import type { OpsDeps } from './deps.ts'
import { listInstances } from './instance-queries.ts'

/** Three heartbeats that did not come. */
const silentAfterSeconds = 30
/** More than serve at once; a process that restarts in a circle leaves one row each time. */
const maxInstances = 100

/** The instances that serve, as they said last, and what waits in the queues of all of them. */
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
