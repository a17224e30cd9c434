import type { Actor } from '../access/actor.ts'
import { webhook } from '../audit/actor.ts'
import type { Db } from '../db/types.ts'
import { AppError } from '../errors/app-error.ts'
import type { Slice } from '../http/output/page.ts'
import type { WebhookDeps } from './deps.ts'
import { findEndpoint } from './endpoint-queries.ts'
import {
  countWaiting,
  type DeliveryItem,
  findBacklog,
  insertTest,
  listDeliveries,
  notifyDeliveries,
  redeliver,
} from './log-queries.ts'
import { type Audience, lockEndpoints, readEndpoint, subjectOf } from './manage.ts'

/**
 * The most waiting deliveries of an endpoint with which further ones may be requested by hand: each is stored and tried
 * ten times.
 */
const maxWaiting = 1_000

/** The log of an endpoint, newest first. @throws AppError `not-found` when it is not theirs */
export async function readDeliveries(
  deps: WebhookDeps,
  audience: Audience,
  actor: Actor,
  [id, { limit, after }]: [id: string, slice: Slice<string>],
): Promise<DeliveryItem[]> {
  await readEndpoint(deps, audience, actor, id)
  return listDeliveries(deps.sql, id, limit, after)
}

/** Sends `webhook.test`, or a message again. @throws AppError `not-found`, `webhook-disabled`, `too-many-deliveries` */
export async function queueDelivery(
  deps: WebhookDeps,
  audience: Audience,
  actor: Actor,
  [id, deliveryId]: [id: string, deliveryId?: string],
): Promise<DeliveryItem> {
  return deps.sql.begin(async (tx) => {
    const owner = await lockEndpoints(tx, audience, actor)
    const endpoint = await findEndpoint(tx, owner, id)
    if (!endpoint) throw new AppError('not-found')
    if (!endpoint.enabled) throw new AppError('webhook-disabled')
    if ((await countWaiting(tx, id, maxWaiting)) >= maxWaiting) throw new AppError('too-many-deliveries')
    const queued = deliveryId === undefined ? await insertTest(tx, id, owner) : await redeliver(tx, id, deliveryId)
    if (!queued) throw new AppError('not-found')
    const action = deliveryId === undefined ? 'webhook.test' : 'webhook.redeliver'
    await deps.audit.record(tx, actor, action, webhook(id), { ...subjectOf(owner), details: { deliveryId: queued.id } })
    await notifyDeliveries(tx)
    return queued
  })
}

/**
 * The number of waiting deliveries, for how many seconds the oldest has been due, and the endpoints that fail or were
 * disabled for failing.
 */
export function readBacklog(
  sql: Db,
): Promise<{ queued: number; oldestSeconds: number; failing: number; disabled: number }> {
  return findBacklog(sql)
}
