import { Hono } from 'hono'
import { z } from 'zod'
import { actorOf } from '../../access/actor.ts'
import { authenticate } from '../../access/bearer-guard.ts'
import type { AuthedEnv } from '../../access/env.ts'
import { requirePermission } from '../../access/guards.ts'
import { readEvents, replayEvent } from '../../billing/events.ts'
import { pagingFields, Uuid } from '../../http/input/fields.ts'
import { noBody, noInput, params, query } from '../../http/input/validate.ts'
import { describe } from '../../http/openapi.ts'
import { listOf, readPageById } from '../../http/output/page.ts'
import { idempotent } from '../../idempotency/middleware.ts'

const Status = z.enum(['queued', 'done', 'ignored', 'failed'])
const EventsQuery = z.lazy(() =>
  z.strictObject({
    provider: z
      .string()
      .regex(/^[a-z]{1,40}$/, 'Use the name of a provider.')
      .optional(),
    status: Status.optional(),
    ...pagingFields,
  }),
)
const EventPath = z.lazy(() => z.strictObject({ id: Uuid }))
const Time = z.iso.datetime()
const EventBody = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      provider: z.string(),
      eventId: z.string(),
      type: z.string(),
      objectId: z.string().nullable(),
      status: Status,
      attempts: z.int().min(0).max(2_147_483_647),
      lastError: z.string().nullable(),
      receivedAt: Time,
      dueAt: Time,
      endedAt: Time.nullable(),
    })
    .meta({ ref: 'BillingEvent' }),
)

const manages = requirePermission('subscriptions.manage')

/** Notifications of payment providers, and what was done with them. */
export const billingAdminRoutes = new Hono<AuthedEnv>()
  .get(
    '/billing/events',
    describe('Administration', 'The inbox of payment events, newest first', { 200: listOf(EventBody) }, [
      'invalid-cursor',
    ]),
    authenticate,
    manages,
    query(EventsQuery),
    noBody,
    async (c) => {
      const { limit, cursor, ...filter } = c.req.valid('query')
      const events = await readPageById({ limit, cursor }, (slice) => readEvents(c.var.deps, actorOf(c), filter, slice))
      return c.json(events, 200)
    },
  )
  .post(
    '/billing/events/:id/replay',
    describe('Administration', 'Look into a payment event anew', { 204: null }, ['not-found']),
    authenticate,
    manages,
    params(EventPath),
    noInput,
    idempotent,
    async (c) => {
      await replayEvent(c.var.deps, actorOf(c), c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
