import { Hono } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { requireFeature } from '../access/feature-guards.ts'
import { requirePermission } from '../access/guards.ts'
import { Paging } from '../http/input/fields.ts'
import { body, noBody, noInput, params, query } from '../http/input/validate.ts'
import { middleware } from '../http/middleware.ts'
import { describe, refusing } from '../http/openapi.ts'
import { listOf, readPageById } from '../http/output/page.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { queueDelivery, readDeliveries } from './deliveries.ts'
import { webhookSupport } from './figures.ts'
import * as endpoints from './manage.ts'
import {
  CreatedEndpointBody,
  DeliveryBody,
  DeliveryPath,
  EndpointBody,
  EndpointPath,
  operatorsSchemas,
  ownSchemas,
  RotatedSecretBody,
} from './schemas.ts'

const tags = { account: 'Webhooks', operators: 'Administration' }

/**
 * No guard: readEndpoints and removeEndpoint let people without the feature see and delete endpoints that they still
 * have.
 */
const checkedByService = refusing(middleware<AuthedEnv>({ name: 'checkedByService', before() {} }), [
  'feature-not-in-plan',
])

/**
 * The endpoints of the requesting person, which need the feature; or those of the operators, which need a permission.
 */
function endpointRoutes(audience: endpoints.Audience) {
  const allowed = audience === 'account' ? requireFeature(webhookSupport) : requirePermission('settings.manage')
  const remaining = audience === 'account' ? checkedByService : allowed
  const schemas = audience === 'account' ? ownSchemas : operatorsSchemas
  const base = audience === 'account' ? '/v1/webhooks' : '/v1/admin/webhooks'
  const tag = tags[audience]
  return new Hono<AuthedEnv>()
    .get(
      '/webhooks',
      describe(tag, 'The endpoints, newest first', { 200: listOf(EndpointBody) }, ['invalid-cursor']),
      authenticate,
      remaining,
      query(Paging),
      noBody,
      async (c) => {
        const page = await readPageById(c.req.valid('query'), (slice) =>
          endpoints.readEndpoints(c.var.deps, audience, actorOf(c), slice),
        )
        return c.json(page, 200)
      },
    )
    .post(
      '/webhooks',
      describe(tag, 'Add an endpoint; its secret is shown this once', { 201: CreatedEndpointBody }, [
        'too-many-webhooks',
      ]),
      authenticate,
      allowed,
      body(schemas.New),
      idempotent,
      async (c) => {
        const created = await endpoints.createEndpoint(c.var.deps, audience, actorOf(c), c.req.valid('json'))
        c.var.context.replay = JSON.stringify({ ...created, secret: null })
        return c.json(created, 201, { Location: `${base}/${created.id}` })
      },
    )
    .get(
      '/webhooks/:id',
      describe(tag, 'One endpoint', { 200: EndpointBody }, ['not-found']),
      authenticate,
      allowed,
      params(EndpointPath),
      noInput,
      async (c) => c.json(await endpoints.readEndpoint(c.var.deps, audience, actorOf(c), c.req.valid('param').id), 200),
    )
    .patch(
      '/webhooks/:id',
      describe(tag, 'Change an endpoint, or switch it off and on', { 200: EndpointBody }, ['not-found']),
      authenticate,
      allowed,
      params(EndpointPath),
      body(schemas.Patch),
      idempotent,
      async (c) => {
        const change = [c.req.valid('param').id, c.req.valid('json')] as const
        return c.json(await endpoints.changeEndpoint(c.var.deps, audience, actorOf(c), [...change]), 200)
      },
    )
    .delete(
      '/webhooks/:id',
      describe(tag, 'Delete an endpoint, and what waits for it', { 204: null }, ['not-found']),
      authenticate,
      remaining,
      params(EndpointPath),
      noInput,
      async (c) => {
        await endpoints.removeEndpoint(c.var.deps, audience, actorOf(c), c.req.valid('param').id)
        return c.body(null, 204)
      },
    )
    .post(
      '/webhooks/:id/rotate',
      describe(tag, 'Make a new secret; the one before signs too for 24 hours', { 200: RotatedSecretBody }, [
        'not-found',
      ]),
      authenticate,
      allowed,
      params(EndpointPath),
      noInput,
      idempotent,
      async (c) => {
        const rotated = await endpoints.rotateSecret(c.var.deps, audience, actorOf(c), c.req.valid('param').id)
        c.var.context.replay = JSON.stringify({ ...rotated, secret: null })
        return c.json(rotated, 200)
      },
    )
    .post(
      '/webhooks/:id/test',
      describe(tag, 'Send the event webhook.test', { 202: DeliveryBody }, [
        'not-found',
        'webhook-disabled',
        'too-many-deliveries',
      ]),
      authenticate,
      allowed,
      params(EndpointPath),
      noInput,
      idempotent,
      async (c) => c.json(await queueDelivery(c.var.deps, audience, actorOf(c), [c.req.valid('param').id]), 202),
    )
    .get(
      '/webhooks/:id/deliveries',
      describe(tag, 'What was sent to an endpoint in the last 30 days, newest first', { 200: listOf(DeliveryBody) }, [
        'not-found',
        'invalid-cursor',
      ]),
      authenticate,
      allowed,
      params(EndpointPath),
      query(Paging),
      noBody,
      async (c) => {
        const page = await readPageById(c.req.valid('query'), (slice) =>
          readDeliveries(c.var.deps, audience, actorOf(c), [c.req.valid('param').id, slice]),
        )
        return c.json(page, 200)
      },
    )
    .post(
      '/webhooks/:id/deliveries/:deliveryId/redeliver',
      describe(tag, 'Send a message once more, under the same webhook-id', { 202: DeliveryBody }, [
        'not-found',
        'webhook-disabled',
        'too-many-deliveries',
      ]),
      authenticate,
      allowed,
      params(DeliveryPath),
      noInput,
      idempotent,
      async (c) => {
        const { id, deliveryId } = c.req.valid('param')
        return c.json(await queueDelivery(c.var.deps, audience, actorOf(c), [id, deliveryId]), 202)
      },
    )
}

export const ownWebhookRoutes = endpointRoutes('account')
export const operatorsWebhookRoutes = endpointRoutes('operators')
