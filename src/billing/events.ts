import type { Actor } from '../access/actor.ts'
import { billingEvent } from '../audit/actor.ts'
import type { Db } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import type { BillingDeps } from './deps.ts'
import { type EventItem, type EventStatus, findInbox, listEvents, requeueEvent } from './event-queries.ts'

/** The events of providers, newest first; the read is audited. */
export async function readEvents(
  { sql, audit }: BillingDeps,
  actor: Actor,
  filter: { provider?: string; status?: EventStatus },
  { limit, after }: Slice<string>,
): Promise<EventItem[]> {
  const rows = await listEvents(sql, filter, limit, after)
  await audit.record(sql, actor, 'billing_event.search', billingEvent(null), { details: filter })
  return rows
}

/** Queues an event again, whatever its state: its object is fetched again. @throws AppError `not-found` */
export async function replayEvent({ sql, audit, billingWork }: BillingDeps, actor: Actor, id: string): Promise<void> {
  await sql.begin(async (tx) => {
    if (!(await requeueEvent(tx, id))) throw new AppError('not-found')
    await audit.record(tx, actor, 'billing_event.replay', billingEvent(id))
  })
  billingWork.notify()
}

/** How many events wait and how many have failed, and for how many seconds the oldest has waited. */
export function readInbox(sql: Db): Promise<{ queued: number; failed: number; oldestSeconds: number }> {
  return findInbox(sql)
}
