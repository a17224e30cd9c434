import { Hono } from 'hono'
import { actorOf } from '../../access/actor.ts'
import { authenticate } from '../../access/bearer-guard.ts'
import type { AuthedEnv } from '../../access/env.ts'
import { requirePermission } from '../../access/guards.ts'
import { ApiKeyBody } from '../../api-keys/schemas.ts'
import { Paging } from '../../http/input/fields.ts'
import { noBody, noInput, params, query } from '../../http/input/validate.ts'
import { describe } from '../../http/openapi.ts'
import { listOf, readPageById } from '../../http/output/page.ts'
import { TeamBody } from '../../teams/schemas.ts'
import { AccountPath } from '../schemas.ts'
import { AdministeredPaymentBody, AdministeredSessionBody, SessionOfPath, SignInMethodsBody } from './detail-schemas.ts'
import {
  endSessionOf,
  readApiKeysOf,
  readPaymentsOf,
  readSessionsOf,
  readSignInMethods,
  readTeamOfUser,
} from './details.ts'

const manages = requirePermission('users.manage')
const refusals = ['not-found', 'privilege-escalation'] as const
const listed = [...refusals, 'invalid-cursor'] as const

/** What administrators see of an account below them: no secret and no hash. Each read is audited. */
export const userDetailRoutes = new Hono<AuthedEnv>()
  .get(
    '/:id/sessions',
    describe('Administration', "A person's live sessions", { 200: listOf(AdministeredSessionBody) }, [...listed]),
    authenticate,
    manages,
    params(AccountPath),
    query(Paging),
    noBody,
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(
        await readPageById(c.req.valid('query'), (slice) => readSessionsOf(c.var.deps, actorOf(c), id, slice)),
        200,
      )
    },
  )
  .delete(
    '/:id/sessions/:sid',
    describe('Administration', "End one of a person's sessions", { 204: null }, [...refusals]),
    authenticate,
    manages,
    params(SessionOfPath),
    noInput,
    async (c) => {
      const { id, sid } = c.req.valid('param')
      await endSessionOf(c.var.deps, actorOf(c), id, sid)
      return c.body(null, 204)
    },
  )
  .get(
    '/:id/api-keys',
    describe('Administration', "A person's API keys", { 200: listOf(ApiKeyBody) }, [...listed]),
    authenticate,
    manages,
    params(AccountPath),
    query(Paging),
    noBody,
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(
        await readPageById(c.req.valid('query'), (slice) => readApiKeysOf(c.var.deps, actorOf(c), id, slice)),
        200,
      )
    },
  )
  .get(
    '/:id/payments',
    describe('Administration', "A person's payments", { 200: listOf(AdministeredPaymentBody) }, [...listed]),
    authenticate,
    manages,
    params(AccountPath),
    query(Paging),
    noBody,
    async (c) => {
      const { id } = c.req.valid('param')
      return c.json(
        await readPageById(c.req.valid('query'), (slice) => readPaymentsOf(c.var.deps, actorOf(c), id, slice)),
        200,
      )
    },
  )
  .get(
    '/:id/sign-in-methods',
    describe('Administration', 'How a person can sign in', { 200: SignInMethodsBody }, [...refusals]),
    authenticate,
    manages,
    params(AccountPath),
    noInput,
    async (c) => c.json(await readSignInMethods(c.var.deps, actorOf(c), c.req.valid('param').id), 200),
  )
  .get(
    '/:id/team',
    describe('Administration', "A person's team", { 200: TeamBody }, [...refusals]),
    authenticate,
    manages,
    params(AccountPath),
    noInput,
    async (c) => c.json(await readTeamOfUser(c.var.deps, actorOf(c), c.req.valid('param').id), 200),
  )
