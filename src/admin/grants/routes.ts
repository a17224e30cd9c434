import { Hono } from 'hono'
import { actorOf } from '../../access/actor.ts'
import { authenticate } from '../../access/bearer-guard.ts'
import type { AuthedEnv } from '../../access/env.ts'
import { requirePermission } from '../../access/guards.ts'
import { grantSubscription } from '../../billing/grants.ts'
import { SubscriptionBody } from '../../billing/schemas.ts'
import { body, noBody, noInput, params, query } from '../../http/input/validate.ts'
import { describe } from '../../http/openapi.ts'
import { listOf, readPageById } from '../../http/output/page.ts'
import {
  AccountPath,
  ExplainQuery,
  Explanation,
  Grant,
  Override,
  OverrideBody,
  OverridePath,
  SubscriptionItem,
  SubscriptionsQuery,
} from '../schemas.ts'
import { explain } from '../users/explain.ts'
import { clearOverride, setOverride } from './overrides.ts'
import { readSubscriptions } from './subscriptions.ts'

const grants = requirePermission('subscriptions.manage')
const refusals = ['not-found', 'privilege-escalation'] as const

/** Plans and features granted to one account, and the explanation of its rights. */
export const grantRoutes = new Hono<AuthedEnv>()
  .put(
    '/users/:id/features/:name',
    describe('Administration', 'Grant or refuse one feature to one account', { 200: OverrideBody }, [...refusals]),
    authenticate,
    grants,
    params(OverridePath),
    body(Override),
    async (c) => {
      const { id, name } = c.req.valid('param')
      return c.json(await setOverride(c.var.deps, actorOf(c), id, name, c.req.valid('json')), 200)
    },
  )
  .delete(
    '/users/:id/features/:name',
    describe('Administration', 'Let the plan decide again', { 204: null }, [...refusals]),
    authenticate,
    grants,
    params(OverridePath),
    noInput,
    async (c) => {
      const { id, name } = c.req.valid('param')
      await clearOverride(c.var.deps, actorOf(c), id, name)
      return c.body(null, 204)
    },
  )
  .put(
    '/users/:id/subscription',
    describe('Administration', 'Grant a plan', { 200: SubscriptionBody }, [...refusals, 'already-in-team']),
    authenticate,
    grants,
    params(AccountPath),
    body(Grant),
    async (c) => {
      const { endsAt, ...grant } = c.req.valid('json')
      const granted = { ...grant, endsAt: endsAt ? new Date(endsAt) : null }
      return c.json(await grantSubscription(c.var.deps, actorOf(c), c.req.valid('param').id, granted), 200)
    },
  )
  .get(
    '/users/:id/explain',
    describe('Administration', 'Why an account may, or may not', { 200: Explanation }, ['not-found']),
    authenticate,
    requirePermission('users.manage'),
    params(AccountPath),
    query(ExplainQuery),
    noBody,
    async (c) => c.json(await explain(c.var.deps, actorOf(c), c.req.valid('param').id, c.req.valid('query')), 200),
  )
  .get(
    '/subscriptions',
    describe('Administration', 'Subscriptions, newest first', { 200: listOf(SubscriptionItem) }),
    authenticate,
    grants,
    query(SubscriptionsQuery),
    noBody,
    async (c) => {
      const { limit, cursor, ...filter } = c.req.valid('query')
      const subscriptions = await readPageById({ limit, cursor }, (slice) =>
        readSubscriptions(c.var.deps, actorOf(c), filter, slice),
      )
      return c.json(subscriptions, 200)
    },
  )
