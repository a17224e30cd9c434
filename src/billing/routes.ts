import { Hono, type MiddlewareHandler } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate, authenticateOrKey } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { body, noInput } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { CheckoutBody, Preview, PreviewBody, Subscribe, SubscriptionBody } from './schemas.ts'
import { cancel, readSubscription, resume, subscribe } from './subscriptions.ts'
import { previewChange, requirePlan } from './views.ts'

/** A plan that does not exist is refused before the idempotency key is looked at. */
const knownPlan: MiddlewareHandler<AuthedEnv, string, { in: { json: unknown }; out: { json: { plan: string } } }> = (
  c,
  next,
) => {
  requirePlan(c.get('deps'), c.req.valid('json').plan)
  return next()
}

export const billingRoutes = new Hono<AuthedEnv>()
  .get(
    '/subscription',
    describe('Subscription', 'The current subscription and what is pending', { 200: SubscriptionBody }),
    authenticateOrKey('payments.read'),
    noInput,
    async (c) => c.json(await readSubscription(c.var.deps, c.var.principal), 200),
  )
  .post(
    '/subscription/preview',
    describe('Subscription', 'What a change of plan would bring', { 200: PreviewBody }),
    authenticate,
    body(Preview),
    async (c) => {
      const { plan, interval } = c.req.valid('json')
      return c.json(await previewChange(c.var.deps, c.var.principal, plan, interval), 200)
    },
  )
  .post(
    '/subscription',
    describe(
      'Subscription',
      'Start a trial, which takes the place of one that runs, cancelled or not; go to a checkout; or go back to free',
      { 200: SubscriptionBody, 202: CheckoutBody },
      ['already-subscribed', 'checkout-unavailable'],
    ),
    authenticate,
    body(Subscribe),
    knownPlan,
    idempotent,
    async (c) => {
      const answer = await subscribe(c.var.deps, actorOf(c), c.req.valid('json'))
      return 'checkoutUrl' in answer ? c.json(answer, 202) : c.json(answer, 200)
    },
  )
  .delete(
    '/subscription',
    describe(
      'Subscription',
      'Cancel at the end of the period; until then it can be taken back',
      { 200: SubscriptionBody },
      ['nothing-to-cancel'],
    ),
    authenticate,
    noInput,
    async (c) => c.json(await cancel(c.var.deps, actorOf(c)), 200),
  )
  .post(
    '/subscription/resume',
    describe('Subscription', 'Take a cancellation back, until the period ends', { 200: SubscriptionBody }, [
      'nothing-to-cancel',
    ]),
    authenticate,
    noInput,
    idempotent,
    async (c) => c.json(await resume(c.var.deps, actorOf(c)), 200),
  )
