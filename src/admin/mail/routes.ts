import { Hono } from 'hono'
import { z } from 'zod'
import { actorOf } from '../../access/actor.ts'
import { authenticate } from '../../access/bearer-guard.ts'
import type { AuthedEnv } from '../../access/env.ts'
import { requirePermission } from '../../access/guards.ts'
import { pagingFields, Uuid } from '../../http/input/fields.ts'
import { noBody, noInput, params, query } from '../../http/input/validate.ts'
import { describe } from '../../http/openapi.ts'
import { listOf, readPageById } from '../../http/output/page.ts'
import { idempotent } from '../../idempotency/middleware.ts'
import { readMails, retryMail } from './mails.ts'

const Status = z.enum(['queued', 'sent', 'failed'])
const MailsQuery = z.lazy(() => z.strictObject({ status: Status.optional(), ...pagingFields }))
const MailPath = z.lazy(() => z.strictObject({ id: Uuid }))
const Time = z.iso.datetime()
const MailBody = z.lazy(() =>
  z
    .object({
      id: z.uuid(),
      accountId: z.uuid().nullable(),
      template: z.string(),
      status: Status,
      attempts: z.int().min(0).max(2_147_483_647),
      lastError: z.string().nullable(),
      createdAt: Time,
      dueAt: Time,
      endedAt: Time.nullable(),
    })
    .meta({ ref: 'Mail' }),
)

const manages = requirePermission('settings.manage')

export const mailRoutes = new Hono<AuthedEnv>()
  .get(
    '/mail',
    describe('Administration', 'The outbox of mail, newest first', { 200: listOf(MailBody) }, ['invalid-cursor']),
    authenticate,
    manages,
    query(MailsQuery),
    noBody,
    async (c) => {
      const { limit, cursor, ...filter } = c.req.valid('query')
      const mails = await readPageById({ limit, cursor }, (slice) => readMails(c.var.deps, actorOf(c), filter, slice))
      return c.json(mails, 200)
    },
  )
  .post(
    '/mail/:id/retry',
    describe('Administration', 'Queue a mail that failed anew', { 204: null }, ['not-found', 'mail-not-retryable']),
    authenticate,
    manages,
    params(MailPath),
    noInput,
    idempotent,
    async (c) => {
      await retryMail(c.var.deps, actorOf(c), c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
