import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { actorOf } from '../access/actor.ts'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { recentSeconds } from '../access/strength.ts'
import { requireRecent } from '../access/strength-guards.ts'
import { MfaRequired, SessionBodySchema } from '../auth/schemas.ts'
import { AppError, problems } from '../errors/app-error.ts'
import { Paging, Uuid } from '../http/input/fields.ts'
import { body, noBody, noInput, params, query } from '../http/input/validate.ts'
import { middleware } from '../http/middleware.ts'
import { describe, refusing } from '../http/openapi.ts'
import { listOf, readPage, readPageById } from '../http/output/page.ts'
import type { PublicEnv } from '../http/request.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { authTier } from '../rate-limits/auth-limit.ts'
import { preferredLanguage } from '../text/language.ts'
import { exchange } from './exchange.ts'
import { addIdentity, readIdentities, removeIdentity } from './identities.ts'
import { beginLink, beginSignIn, completeJourney } from './journeys.ts'
import {
  AuthorizationUrl,
  Exchange,
  IdentityBody,
  LinkStart,
  ProviderItem,
  ProviderPath,
  StartQuery,
} from './schemas.ts'

/** 404 for a provider that is not configured, before other input is validated. */
const knownProvider = refusing(
  middleware<PublicEnv>({
    name: 'knownProvider',
    before(c) {
      if (!c.get('deps').identityProviders.find(c.req.param('provider') ?? '')) throw new AppError('not-found')
    },
  }),
  ['not-found'],
)
const IdentityPath = z.lazy(() => z.strictObject({ id: Uuid }))

const failures = authTier({ deferred: false })

/** Sign-in by another provider: start, callback, and the exchange by the app. */
export const ssoRoutes = new Hono<PublicEnv>()
  .get(
    '/providers',
    describe('Authentication', 'The other providers that people may sign in with', { 200: listOf(ProviderItem) }),
    query(Paging),
    noBody,
    async (c) => {
      const providers = c.var.deps.identityProviders.all().map(({ id, displayName }) => ({ id, displayName }))
      const read = ({ limit, after }: { limit: number; after: [string] | null }) => {
        const start = after === null ? 0 : providers.findIndex(({ id }) => id === after[0]) + 1
        return providers.slice(start, start + limit)
      }
      return c.json(await readPage(c.req.valid('query'), ['string'], read, ({ id }) => [id]), 200)
    },
  )
  .get(
    '/oidc/:provider/start',
    describe(
      'Authentication',
      'Go to a provider to sign in; returnTo comes back with #code= or #error=',
      { 302: null },
      ['not-found'],
    ),
    params(ProviderPath),
    knownProvider,
    query(StartQuery),
    noBody,
    async (c) => {
      const { provider: providerId } = c.req.valid('param')
      return c.redirect(await beginSignIn(c.var.deps, { providerId, ...c.req.valid('query') }), 302)
    },
  )
  .get(
    '/oidc/:provider/callback',
    describe(
      'Authentication',
      'Where providers send people back to; what else they append is left alone',
      { 302: null, 400: { html: 'For browsers: a page that says so' } },
      ['not-found', 'unknown-state'],
    ),
    params(ProviderPath),
    knownProvider,
    noBody,
    async (c) => {
      const { url } = c.req
      const search = url.includes('?') ? url.slice(url.indexOf('?') + 1) : ''
      try {
        return c.redirect(await completeJourney(c.var.deps, c.req.valid('param').provider, search), 302)
      } catch (error) {
        if (error instanceof AppError && error.code === 'unknown-state' && wantsPage(c)) return errorPage(c)
        throw error
      }
    },
  )
  .post(
    '/oidc/exchange',
    describe(
      'Authentication',
      'Sign in with the code of the callback; 202 where a second factor is asked for',
      { 200: SessionBodySchema, 202: MfaRequired },
      ['invalid-code', 'identity-conflict', 'account-disabled', 'email-not-verified', 'too-many-identities'],
      { 'X-Device-Token': 'The deviceToken of an earlier session on this device: its owner is not told of a new one.' },
    ),
    failures,
    body(Exchange, { compared: ['code'] }),
    async (c) => {
      const { deps, context } = c.var
      const answer = await exchange(deps, context.origin, c.req.valid('json'), c.req.header('X-Device-Token'))
      return 'mfaToken' in answer ? c.json(answer, 202) : c.json(answer, 200)
    },
  )

const wantsPage = (c: Context<PublicEnv>) => /\btext\/html\b/i.test(c.req.header('Accept') ?? '')

async function errorPage(c: Context<PublicEnv>): Promise<Response> {
  const { renderErrorPage } = await import('./error-page.tsx')
  const language = preferredLanguage(c.req.header('Accept-Language'))
  const { html, policy } = renderErrorPage(language, c.get('deps').config.brand)
  c.get('context').problem = 'unknown-state'
  return new Response(html, {
    status: problems['unknown-state'].status,
    headers: {
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': policy,
      Vary: 'Accept, Accept-Language',
    },
  })
}

/** The person's identities at other providers. */
export const identityRoutes = new Hono<AuthedEnv>()
  .get(
    '/me/identities',
    describe('Account', 'The accounts of other providers that sign in here', { 200: listOf(IdentityBody) }),
    authenticate,
    query(Paging),
    noBody,
    async (c) => {
      const identities = await readPageById(c.req.valid('query'), (slice) =>
        readIdentities(c.var.deps, c.var.principal, slice),
      )
      return c.json(identities, 200)
    },
  )
  .post(
    '/me/identities/:provider/start',
    describe('Account', 'Go to a provider to add an account there', { 200: AuthorizationUrl }, [
      'not-found',
      'identity-provider-unavailable',
    ]),
    authenticate,
    requireRecent(recentSeconds),
    params(ProviderPath),
    knownProvider,
    body(LinkStart),
    async (c) => {
      const { provider: providerId } = c.req.valid('param')
      const authorizationUrl = await beginLink(c.var.deps, actorOf(c), { providerId, ...c.req.valid('json') })
      return c.json({ authorizationUrl }, 200)
    },
  )
  .post(
    '/me/identities',
    describe('Account', 'Add the account of another provider, with the code of the callback', { 201: IdentityBody }, [
      'invalid-code',
      'identity-conflict',
      'already-exists',
      'too-many-identities',
      'mfa-required',
    ]),
    authenticate,
    requireRecent(recentSeconds),
    failures,
    body(Exchange, { compared: ['code'] }),
    idempotent,
    async (c) =>
      c.json(await addIdentity(c.var.deps, actorOf(c), c.req.valid('json')), 201, { Location: '/v1/me/identities' }),
  )
  .delete(
    '/me/identities/:id',
    describe('Account', 'Remove the account of another provider', { 204: null }, [
      'not-found',
      'last-sign-in-method',
      'mfa-required',
    ]),
    authenticate,
    requireRecent(recentSeconds),
    params(IdentityPath),
    noInput,
    async (c) => {
      await removeIdentity(c.var.deps, actorOf(c), c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
