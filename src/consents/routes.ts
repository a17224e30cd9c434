import { Hono } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate, authenticateOrKey } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { Paging } from '../http/input/fields.ts'
import { body, noBody, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { listOf, readPageById } from '../http/output/page.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { giveConsent, readConsents } from './ledger.ts'
import { ConsentBody, NewConsent } from './schemas.ts'

export const consentRoutes = new Hono<AuthedEnv>()
  .get(
    '/me/consents',
    describe('Account', 'What the person agreed to and withdrew, newest first', { 200: listOf(ConsentBody) }),
    authenticateOrKey('profile.read'),
    query(Paging),
    noBody,
    async (c) => {
      const consents = await readPageById(c.req.valid('query'), (slice) =>
        readConsents(c.var.deps, c.var.principal, slice),
      )
      return c.json(consents, 200)
    },
  )
  .post(
    '/me/consents',
    describe('Account', 'Agree to a document, or withdraw', { 201: ConsentBody }),
    authenticate,
    body(NewConsent),
    idempotent,
    async (c) =>
      c.json(await giveConsent(c.var.deps, actorOf(c), c.req.valid('json')), 201, { Location: '/v1/me/consents' }),
  )
