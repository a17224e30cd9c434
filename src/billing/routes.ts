import { Hono } from 'hono'
import { authenticate } from '../auth/guards.ts'
import type { AuthedEnv } from '../env.ts'
import { idempotent } from '../http/idempotency.ts'
import { describe } from '../http/openapi.ts'
import { body, noInput } from '../http/valid.ts'
import { CheckoutBody, PreviewBody, Subscribe, SubscriptionBody } from './schemas.ts'
import { cancel, readSubscription, subscribe } from './subscriptions.ts'
import { previewChange } from './views.ts'

export const billingRoutes = new Hono<AuthedEnv>()
  .get(
    '/subscription',
    describe('Subscription', 'The current subscription and what is pending', { 200: SubscriptionBody }),
    authenticate,
    noInput,
    async (c) => c.json(await readSubscription(c.var.deps, c.var.principal), 200),
  )
  .post(
    '/subscription/preview',
    describe('Subscription', 'What a change of plan would bring', { 200: PreviewBody }),
    authenticate,
    body(Subscribe),
    async (c) => {
      const { plan, interval } = c.req.valid('json')
      return c.json(await previewChange(c.var.deps, c.var.principal, plan, interval), 200)
    },
  )
  .post(
    '/subscription',
    describe(
      'Subscription',
      'Start a trial, go to a checkout, or go back to free',
      { 200: SubscriptionBody, 202: CheckoutBody },
      ['already-subscribed', 'checkout-unavailable'],
    ),
    authenticate,
    body(Subscribe),
    idempotent,
    async (c) => {
      const answer = await subscribe(c.var.deps, c.var.principal, c.req.valid('json'), c.var.call.client)
      return 'checkoutUrl' in answer ? c.json(answer, 202) : c.json(answer, 200)
    },
  )
  .delete(
    '/subscription',
    describe('Subscription', 'Cancel at the end of the period', { 200: SubscriptionBody }, ['nothing-to-cancel']),
    authenticate,
    noInput,
    async (c) => c.json(await cancel(c.var.deps, c.var.principal, c.var.call.client), 200),
  )
