import { Hono, type MiddlewareHandler } from 'hono'
import { authenticate } from '../auth/bearer.ts'
import { requireOwnPassword } from '../auth/password-change.ts'
import { apiAccess } from '../catalogue/catalogue.ts'
import { Paging } from '../http/input/fields.ts'
import { body, noBody, noInput, params, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { listOf, readPageById } from '../http/output/page.ts'
import type { AuthedEnv } from '../http/request.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { requireFeature, requireFeatures } from '../quotas/guard.ts'
import { createApiKey, readApiKey, readApiKeys, removeApiKey, requireOwnToGive } from './manage.ts'
import { ApiKeyBody, ApiKeyPath, CreatedApiKeyBody, NewApiKey } from './schemas.ts'

/** Judged before the idempotency key is looked at. */
const ownToGive: MiddlewareHandler<AuthedEnv, string, { in: { json: unknown }; out: { json: NewApiKey } }> = (
  c,
  next,
) => {
  const [deps, principal, wanted] = [c.get('deps'), c.get('principal'), c.req.valid('json')]
  requireOwnToGive(deps, principal, wanted)
  if (wanted.ipRanges) requireFeatures(deps.catalogue.current, principal, ['ip_whitelisting'])
  return next()
}

/**
 * So is the password, outside the transaction that keeps the answer: a wrong one counts whatever becomes of that, and
 * no connection waits for argon2.
 */
const ownPassword: typeof ownToGive = async (c, next) => {
  const { deps, principal, call } = c.var
  const { password } = c.req.valid('json')
  call.passwordVersion = await requireOwnPassword(deps, principal, password, call.client, call.signal)
  return next()
}

export const apiKeyRoutes = new Hono<AuthedEnv>()
  .get(
    '/',
    describe('API keys', 'The API keys, newest first', { 200: listOf(ApiKeyBody) }),
    authenticate,
    requireFeature(apiAccess),
    query(Paging),
    noBody,
    async (c) => {
      const keys = await readPageById(c.req.valid('query'), (slice) => readApiKeys(c.var.deps, c.var.principal, slice))
      return c.json(keys, 200)
    },
  )
  .post(
    '/',
    describe('API keys', 'Make an API key; it is shown this once', { 201: CreatedApiKeyBody }, [
      'permission-denied',
      'too-many-api-keys',
      'invalid-credentials',
      'account-locked',
      'service-unavailable',
    ]),
    authenticate,
    requireFeature(apiAccess),
    body(NewApiKey, { compared: ['password'] }),
    ownToGive,
    ownPassword,
    idempotent,
    async (c) => {
      const { deps, principal, call } = c.var
      const { password: _, ...wanted } = c.req.valid('json')
      const created = await createApiKey(deps, principal, wanted, call.passwordVersion, call.client)
      call.replay = JSON.stringify({ ...created, key: null })
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
      await removeApiKey(c.var.deps, c.var.principal, c.req.valid('param').id, c.var.call.client)
      return c.body(null, 204)
    },
  )
