import { Hono, type MiddlewareHandler } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate, authenticateOrKey } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import type { ProblemCode } from '../errors/app-error.ts'
import { Paging } from '../http/input/fields.ts'
import { body, noBody, noInput, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { listOf, readPageById } from '../http/output/page.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { completeIntents, intended } from './intent-middleware.ts'
import { openPortal, readPayments } from './payments.ts'
import { previewChange } from './preview.ts'
import {
  CheckoutBody,
  PaymentBody,
  Portal,
  PortalBody,
  Preview,
  PreviewBody,
  Subscribe,
  SubscriptionBody,
} from './schemas.ts'
import { cancel, readSubscription, resume, subscribe } from './subscriptions.ts'
import { requirePlan } from './views.ts'

/** Refuses an unknown plan before the idempotency key is used. */
const knownPlan: MiddlewareHandler<AuthedEnv, string, { in: { json: unknown }; out: { json: { plan: string } } }> = (
  c,
  next,
) => {
  requirePlan(c.get('deps'), c.req.valid('json').plan)
  return next()
}

const ending: ProblemCode[] = ['checkout-unavailable', 'not-supported-by-provider', 'payment-provider-unavailable']
const changing: ProblemCode[] = ['currency-mismatch', 'not-supported-by-provider', 'payment-provider-unavailable']

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
      'Start a trial, which takes the place of one that runs, cancelled or not; go to a checkout; change what is paid; or go back to free',
      { 200: SubscriptionBody, 202: CheckoutBody },
      ['already-subscribed', 'checkout-unavailable', 'nothing-to-cancel', ...changing],
    ),
    authenticate,
    body(Subscribe),
    knownPlan,
    completeIntents,
    idempotent,
    async (c) => {
      const answer = await subscribe(c.var.deps, actorOf(c), c.req.valid('json'))
      return 'intent' in answer ? c.json(intended(c.var.context, answer), 202) : c.json(answer, 200)
    },
  )
  .delete(
    '/subscription',
    describe(
      'Subscription',
      'Cancel at the end of the period; until then it can be taken back',
      { 200: SubscriptionBody },
      ['nothing-to-cancel', ...ending],
    ),
    authenticate,
    noInput,
    completeIntents,
    async (c) => {
      const answer = await cancel(c.var.deps, actorOf(c))
      return 'intent' in answer ? c.json(intended(c.var.context, answer), 202) : c.json(answer, 200)
    },
  )
  .post(
    '/subscription/resume',
    describe('Subscription', 'Take a cancellation back, until the period ends', { 200: SubscriptionBody }, [
      'nothing-to-cancel',
      ...ending,
    ]),
    authenticate,
    noInput,
    completeIntents,
    idempotent,
    async (c) => {
      const answer = await resume(c.var.deps, actorOf(c))
      return 'intent' in answer ? c.json(intended(c.var.context, answer), 202) : c.json(answer, 200)
    },
  )
  .post(
    '/subscription/portal',
    describe('Subscription', 'The provider’s page with payment method and invoices', { 202: PortalBody }, [
      'not-supported-by-provider',
      'payment-provider-unavailable',
    ]),
    authenticate,
    body(Portal),
    async (c) => c.json(await openPortal(c.var.deps, c.var.principal, c.req.valid('json').returnTo), 202),
  )
  .get(
    '/payments',
    describe('Subscription', 'Charges, refunds and disputes, newest first', { 200: listOf(PaymentBody) }, [
      'invalid-cursor',
    ]),
    authenticateOrKey('payments.read'),
    query(Paging),
    noBody,
    async (c) =>
      c.json(
        await readPageById(c.req.valid('query'), (slice) => readPayments(c.var.deps, c.var.principal, slice)),
        200,
      ),
  )
