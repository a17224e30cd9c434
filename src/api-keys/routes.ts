import { Hono, type MiddlewareHandler } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { requireFeature, requireFeatures } from '../access/feature-guards.ts'
import type { Principal } from '../access/principal.ts'
import { apiAccess } from '../catalogue/catalogue.ts'
import type { Tx } from '../db/types.ts'
import { Paging } from '../http/input/fields.ts'
import { body, noBody, noInput, params, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { listOf, readPageById } from '../http/output/page.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { createApiKey, readApiKey, readApiKeys, removeApiKey, requireOwnToGive } from './manage.ts'
import { ApiKeyBody, ApiKeyPath, CreatedApiKeyBody, NewApiKey } from './schemas.ts'

declare module '../http/request.ts' {
  interface RequestContext {
    /** The version of the password that was given with the request and found right; absent where none was given. */
    passwordVersion?: number
  }
}

/** requireOwnToGive as middleware: it runs before the idempotency key is looked up. */
const ownToGive: MiddlewareHandler<AuthedEnv, string, { in: { json: unknown }; out: { json: NewApiKey } }> = (
  c,
  next,
) => {
  const [deps, principal, requested] = [c.get('deps'), c.get('principal'), c.req.valid('json')]
  requireOwnToGive(deps, principal, requested)
  if (requested.ipRanges) requireFeatures(deps.catalogue.current, principal, ['ip_whitelisting'])
  return next()
}

/** Checks of the owner. The auth room implements them; it lies above this one, so they are passed in. */
type OwnerCheck = {
  /** Requires a recent sign-in, or the password in the body. */
  recentOrPassword: () => typeof ownToGive
  /** Locks the account's row; throws where session or password are no longer valid. */
  requireStillSignedIn(tx: Tx, principal: Principal, passwordVersion?: number): Promise<unknown>
}

/** The routes of API keys. */
export const apiKeyRoutes = (owner: OwnerCheck) =>
  new Hono<AuthedEnv>()
    .get(
      '/',
      describe('API keys', 'The API keys, newest first', { 200: listOf(ApiKeyBody) }),
      authenticate,
      requireFeature(apiAccess),
      query(Paging),
      noBody,
      async (c) => {
        const keys = await readPageById(c.req.valid('query'), (slice) =>
          readApiKeys(c.var.deps, c.var.principal, slice),
        )
        return c.json(keys, 200)
      },
    )
    .post(
      '/',
      describe('API keys', 'Make an API key; it is shown this once', { 201: CreatedApiKeyBody }, [
        'permission-denied',
        'too-many-api-keys',
      ]),
      authenticate,
      requireFeature(apiAccess),
      body(NewApiKey, { compared: ['password'] }),
      ownToGive,
      owner.recentOrPassword(),
      idempotent,
      async (c) => {
        const { deps, principal, context } = c.var
        const { password: _, ...requested } = c.req.valid('json')
        const lockSignIn = (tx: Tx) => owner.requireStillSignedIn(tx, principal, context.passwordVersion)
        const created = await createApiKey(deps, actorOf(c), requested, lockSignIn)
        context.replay = JSON.stringify({ ...created, key: null })
        return c.json(created, 201, { Location: `/v1/api-keys/${created.id}` })
      },
    )
    .get(
      '/:id',
      describe('API keys', 'One API key', { 200: ApiKeyBody }, ['not-found']),
      authenticate,
      requireFeature(apiAccess),
      params(ApiKeyPath),
      noInput,
      async (c) => c.json(await readApiKey(c.var.deps, c.var.principal, c.req.valid('param').id), 200),
    )
    .delete(
      '/:id',
      describe('API keys', 'Delete an API key', { 204: null }, ['not-found']),
      authenticate,
      requireFeature(apiAccess),
      params(ApiKeyPath),
      noInput,
      async (c) => {
        await removeApiKey(c.var.deps, actorOf(c), c.req.valid('param').id)
        return c.body(null, 204)
      },
    )
