import { Hono } from 'hono'
import { actorOf } from '../access/actor.ts'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { recentSeconds } from '../access/strength.ts'
import { requireRecent } from '../access/strength-guards.ts'
import { SessionBodySchema } from '../auth/schemas.ts'
import { Paging } from '../http/input/fields.ts'
import { body, noBody, noInput, params, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { listOf, readPageById } from '../http/output/page.ts'
import type { PublicEnv } from '../http/request.ts'
import { idempotent } from '../idempotency/middleware.ts'
import { authTier } from '../rate-limits/auth-limit.ts'
import { readPasskeys, removePasskey, renamePasskey } from './manage.ts'
import { passkeyCreationOptions, passkeyRequestOptions } from './options.ts'
import { addPasskey } from './registration.ts'
import {
  CreationOptions,
  NewPasskey,
  PasskeyBody,
  PasskeyPatch,
  PasskeyPath,
  PasskeyResponse,
  RequestOptions,
} from './schemas.ts'
import { signInWithPasskey } from './sign-in.ts'

const failures = authTier({ deferred: false })
/** Changes of sign-in methods need a recent sign-in. */
const recent = requireRecent(recentSeconds)

export const passkeySignInRoutes = new Hono<PublicEnv>()
  .post(
    '/passkey/options',
    describe('Authentication', 'Begin to sign in with a passkey', { 200: RequestOptions }),
    failures,
    noInput,
    async (c) => c.json(await passkeyRequestOptions(c.var.deps, { purpose: 'sign-in' }), 200),
  )
  .post(
    '/passkey',
    describe(
      'Authentication',
      'Sign in with a passkey, which says who it is',
      { 200: SessionBodySchema },
      ['invalid-passkey', 'email-not-verified'],
      {
        'X-Device-Token': 'The deviceToken of an earlier session on this device: the person is not told of a new one.',
      },
    ),
    failures,
    body(PasskeyResponse, { compared: ['challengeToken'] }),
    async (c) => {
      const { deps, context } = c.var
      const deviceToken = c.req.header('X-Device-Token')
      return c.json(await signInWithPasskey(deps, context.origin, c.req.valid('json'), deviceToken), 200)
    },
  )

export const ownPasskeyRoutes = new Hono<AuthedEnv>()
  .get(
    '/',
    describe('Passkeys', 'The passkeys, newest first', { 200: listOf(PasskeyBody) }),
    authenticate,
    query(Paging),
    noBody,
    async (c) => {
      const passkeys = await readPageById(c.req.valid('query'), (slice) =>
        readPasskeys(c.var.deps, c.var.principal, slice),
      )
      return c.json(passkeys, 200)
    },
  )
  .post(
    '/options',
    describe('Passkeys', 'Begin to add a passkey', { 200: CreationOptions }, ['mfa-required']),
    authenticate,
    recent,
    noInput,
    async (c) => c.json(await passkeyCreationOptions(c.var.deps, c.var.principal), 200),
  )
  .post(
    '/',
    describe('Passkeys', 'Add a passkey; the session counts as aal2 then', { 201: PasskeyBody }, [
      'invalid-passkey',
      'too-many-passkeys',
      'already-exists',
      'mfa-required',
    ]),
    authenticate,
    recent,
    failures,
    body(NewPasskey, { compared: ['challengeToken'] }),
    idempotent,
    async (c) => {
      const added = await addPasskey(c.var.deps, actorOf(c), c.req.valid('json'))
      return c.json(added, 201, { Location: `/v1/me/passkeys/${added.id}` })
    },
  )
  .patch(
    '/:id',
    describe('Passkeys', 'Call a passkey something else', { 200: PasskeyBody }, ['not-found']),
    authenticate,
    params(PasskeyPath),
    body(PasskeyPatch),
    async (c) => {
      const { name } = c.req.valid('json')
      return c.json(await renamePasskey(c.var.deps, actorOf(c), c.req.valid('param').id, name), 200)
    },
  )
  .delete(
    '/:id',
    describe('Passkeys', 'Remove a passkey', { 204: null }, ['not-found', 'last-sign-in-method', 'mfa-required']),
    authenticate,
    recent,
    params(PasskeyPath),
    noInput,
    async (c) => {
      await removePasskey(c.var.deps, actorOf(c), c.req.valid('param').id)
      return c.body(null, 204)
    },
  )
