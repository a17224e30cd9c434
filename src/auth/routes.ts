import { Hono } from 'hono'
import { z } from 'zod'
import { actorOf } from '../access/actor.ts'
import { authenticate } from '../access/bearer-guard.ts'
import type { AuthedEnv } from '../access/env.ts'
import { Paging, Uuid } from '../http/input/fields.ts'
import { body, noBody, noInput, params, query } from '../http/input/validate.ts'
import { describe } from '../http/openapi.ts'
import { listOf, readPageById } from '../http/output/page.ts'
import type { PublicEnv } from '../http/request.ts'
import { authTier, authTierRefusal, registerTier } from '../rate-limits/auth-limit.ts'
import { login } from './login.ts'
import { changePassword } from './password-change.ts'
import { refresh } from './refresh.ts'
import { register, registerToVerify } from './registration.ts'
import {
  Login,
  MfaRequired,
  PasswordChange,
  PasswordChanged,
  Refresh,
  Registration,
  SessionBodySchema,
  SessionItemSchema,
  VerificationRequired,
} from './schemas.ts'
import { endAllSessions, endSession, listOwnSessions, sessionOf } from './sessions.ts'

const SessionPath = z.lazy(() => z.strictObject({ id: Uuid }))

const failures = authTier({ deferred: false })
const failuresAfterLockout = authTier({ deferred: true })

export const authRoutes = new Hono<PublicEnv>()
  .post(
    '/register',
    describe(
      'Authentication',
      'Open an account on the free plan; 202 where addresses must be verified, whether or not it exists',
      { 201: SessionBodySchema, 202: VerificationRequired },
      ['email-taken'],
    ),
    registerTier,
    failures,
    body(Registration),
    async (c) => {
      const { deps, context } = c.var
      if (deps.config.requireEmailVerification) {
        await registerToVerify(deps, context.origin, c.req.valid('json'), context.signal)
        return c.json({ status: 'verification-required' as const }, 202)
      }
      const session = await register(deps, context.origin, c.req.valid('json'), context.signal)
      return c.json(session, 201, { Location: '/v1/me' })
    },
  )
  .post(
    '/login',
    describe(
      'Authentication',
      'Log in; 202 where a second factor is asked for',
      { 200: SessionBodySchema, 202: MfaRequired },
      ['invalid-credentials', 'account-locked', 'email-not-verified'],
      {
        'X-Device-Token': 'The deviceToken of an earlier session on this device: a stranger cannot lock its owner out.',
      },
    ),
    failuresAfterLockout,
    body(Login, { compared: ['password'] }),
    async (c) => {
      const { deps, context } = c.var
      const deviceToken = c.req.header('X-Device-Token')
      const answer = await login(deps, context.origin, c.req.valid('json'), {
        deviceToken,
        refusal: authTierRefusal(context),
        signal: context.signal,
      })
      return 'mfaToken' in answer ? c.json(answer, 202) : c.json(answer, 200)
    },
  )
  .post(
    '/refresh',
    describe('Authentication', 'Exchange a refresh token for a new pair', { 200: SessionBodySchema }, [
      'invalid-refresh-token',
      'refresh-token-reused',
    ]),
    body(Refresh, { compared: ['refreshToken'] }),
    async (c) => {
      const { deps, context } = c.var
      return c.json(await refresh(deps, context.origin, c.req.valid('json').refreshToken), 200)
    },
  )

export const ownSessionRoutes = new Hono<AuthedEnv>()
  .post('/logout', describe('Authentication', 'End this session', { 204: null }), authenticate, noInput, async (c) => {
    const { deps, principal } = c.var
    await endSession(deps, actorOf(c), sessionOf(principal), 'logout')
    return c.body(null, 204)
  })
  .post(
    '/logout-all',
    describe('Authentication', 'End every session and API key', { 204: null }),
    authenticate,
    noInput,
    async (c) => {
      await endAllSessions(c.var.deps, actorOf(c))
      return c.body(null, 204)
    },
  )
  .get(
    '/sessions',
    describe('Authentication', 'The live sessions', { 200: listOf(SessionItemSchema) }),
    authenticate,
    query(Paging),
    noBody,
    async (c) => {
      const sessions = await readPageById(c.req.valid('query'), (slice) =>
        listOwnSessions(c.var.deps, c.var.principal, slice),
      )
      return c.json(sessions, 200)
    },
  )
  .delete(
    '/sessions/:id',
    describe('Authentication', 'End one session', { 204: null }, ['not-found']),
    authenticate,
    params(SessionPath),
    noInput,
    async (c) => {
      await endSession(c.var.deps, actorOf(c), c.req.valid('param').id, 'ended')
      return c.body(null, 204)
    },
  )
  .post(
    '/password/change',
    describe(
      'Authentication',
      'Change the password and end the other sessions and the API keys',
      { 200: PasswordChanged },
      ['reauthentication-required', 'mfa-required', 'invalid-credentials', 'account-locked'],
    ),
    // Before `failures`: requests without a token must not use up the limit of their address.
    authenticate,
    failures,
    body(PasswordChange, { compared: ['currentPassword'] }),
    async (c) => {
      const { deps, context } = c.var
      return c.json(await changePassword(deps, actorOf(c), c.req.valid('json'), context.signal), 200)
    },
  )
